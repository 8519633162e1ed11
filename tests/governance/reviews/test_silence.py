"""What a supplier does not disclose, and the reviewer who accepts that."""

import pytest

from catalog.cards.actions import save_card
from governance.reviews.models import Review
from governance.reviews.queries import warned
from governance.validation import work
from governance.validation.actions import submit
from governance.validation.models import Finding
from governance.validation.queries import with_accepted
from marketplace.errors import Invalid
from tests.governance.reviews.conftest import REASON, deliver_all, pins, vote
from tests.governance.validation.build import ready, whole_card

SILENCE = {"not_disclosed": True, "accepted": False, "reason": "They say no."}
KEY = "lineage.datasets"


@pytest.fixture
def review(cast):
    """A vendor's T3 model whose maker does not say what it was trained with, in review."""
    card = whole_card(third_party=True, hosted=True) | {KEY: SILENCE, "identity.origin": "vendor"}
    version = ready(cast, kind="hosted", origin="vendor", card=card)
    return checked(version, cast)


def checked(version, cast):
    """Submit, check and open the review."""
    work.run_checks(submit(version, by=cast.nina).pk)
    deliver_all()
    return Review.objects.select_related("run", "version__model").get(version=version)


def missing(run):
    """What the check of the card says is missing."""
    return list(Finding.objects.filter(result__run=run, result__check_id="card").values_list("where", flat=True))


def test_an_approval_says_that_it_accepts_what_the_supplier_does_not_disclose(cast, review):
    assert KEY in missing(review.run)
    with pytest.raises(Invalid) as refused:
        vote(review, cast.tess, acknowledged=True)
    assert "Training and test data" in refused.value.fields["accepted"][0]
    assert vote(review, cast.tess, acknowledged=True, accepted=[KEY]).accepted == [KEY]


def test_nothing_else_can_be_accepted(cast, review):
    for given in ({"accepted": [KEY, "risk.limitations"]}, {"accepted": [KEY], "choice": "reject"}):
        with pytest.raises(Invalid) as refused:
            vote(review, cast.tess, acknowledged=True, **given)
        assert list(refused.value.fields) == ["accepted"]


def test_accepting_makes_no_approval_void_and_the_next_check_asks_no_more(cast, review):
    vote(review, cast.tess, acknowledged=True, accepted=[KEY])
    deliver_all()
    approval = review.version.approvals.get()
    assert approval.voided_at is None
    values = review.version.model.card_revisions.get().values
    assert values[KEY] == SILENCE, "the card stays as it was approved"
    assert with_accepted(review.version, values)[KEY] == SILENCE | {"accepted": True}
    save_card(review.version.model, by=cast.paul, values={"risk.limitations": "It is wrong about letters."})
    review.version.refresh_from_db()
    assert review.version.state == "expired"
    run = submit(review.version, by=cast.nina)
    work.run_checks(run.pk)
    assert missing(run) == [key for key in missing(review.run) if key != KEY]


def test_another_silence_has_to_be_accepted_anew(cast, review):
    vote(review, cast.tess, acknowledged=True, accepted=[KEY])
    values = {KEY: SILENCE | {"reason": "They say no, and sell it on."}}
    assert with_accepted(review.version, values)[KEY] == values[KEY]


def test_the_page_names_the_fields_to_accept_and_then_who_did(cast, review, signed_in):
    place = f"/reviews/{review.number}"
    client = signed_in(cast.tess)
    assert "I accept that the supplier does not disclose: Training and test data" in client.get(place).text
    sent = {
        f"technical-{k}": v
        for k, v in ({"choice": "approve", "reason": REASON, "track": "technical", "acknowledged": list(warned(review))} | pins(review)).items()
    }
    answer = client.post(f"{place}/decisions", {"track_name": "technical"} | sent)
    assert answer.status_code == 422
    assert "Say that you accept it, or request changes." in answer.text
    assert client.post(f"{place}/decisions", {"track_name": "technical", "technical-accepts": "on"} | sent).status_code == 303
    assert "The supplier does not disclose this. Tess accepted that." in client.get(place).text


def test_accepting_by_rest(cast, review, client, token_of):
    place, mine = f"/api/v1/reviews/{review.number}", token_of(cast.tess, "read", "review")
    shown = client.get(place, headers=mine).json()
    assert shown["silent_fields"] == {KEY: "Training and test data"}
    sent = {"track": "technical", "choice": "approve", "reason": REASON, "acknowledged": list(warned(review)), **pins(review)}
    answers = [
        client.post(f"{place}/decisions", body, content_type="application/json", headers=mine)
        for body in (sent, sent | {"accepted": list(shown["silent_fields"])})
    ]
    assert [answer.status_code for answer in answers] == [422, 201]
    assert answers[1].json()["accepted"] == [KEY]
