"""Waivers: what a policy lets nobody approve without one, who gives it, and what ends with it."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from governance.reviews.actions import end_waiver, give_waiver
from governance.reviews.models import Review, Waiver
from governance.reviews.queries import missing_waivers, waiver_givers
from governance.validation import work
from governance.validation.actions import submit
from governance.validation.models import CheckResult
from marketplace.accounts.actions import add_member, give_role
from marketplace.activity.models import Event
from marketplace.errors import Conflict, Invalid, NotAllowed
from marketplace.notifications.models import Notice
from tests.catalog.artifacts.build import good
from tests.governance.reviews.conftest import a_review, deliver_all, vote
from tests.governance.validation.build import ready

WHY = "The vendor ships nothing else; we read its opcodes."


def in_days(days):
    return timezone.now() + timedelta(days=days)


def let_warn_of_a_pickle(review):
    """What the check of pickles writes about one of known classes."""
    CheckResult.objects.create(
        run=review.run, check_id="pickles", check_version="1", stage="Security", title="Pickles", verdict="warn", sentence="1 pickle."
    )


@pytest.fixture
def review(cast, starter):
    """A T2 version with a pickle that nobody may approve without a waiver."""
    made = a_review(cast.finance_ml, cast.nina, tier="T2", outcome="warn")
    let_warn_of_a_pickle(made)
    return made


def approve(cast, review):
    vote(review, cast.tess, acknowledged=True)
    vote(review, cast.ada, "security", acknowledged=True)
    return review.version.approvals.get()


def test_a_pickle_of_known_classes_needs_a_waiver_from_its_check_to_its_approval(cast):
    version = ready(cast, "T2", files={"model.pkl": good("pickle")})
    run = submit(version, by=cast.nina)
    work.run_checks(run.pk)
    deliver_all()
    deliver_all()  # what followed from it
    review = Review.objects.get(version=version)
    assert missing_waivers(review) == ["pickle"]
    told = Notice.objects.get(about=f"waiver:{review.pk}")
    assert (told.user, told.urgent) == (cast.gus, True)
    give_waiver(review, "pickle", by=cast.gus, reason=WHY, until=in_days(30))
    deliver_all()
    assert not Notice.objects.filter(about=f"waiver:{review.pk}", read_at=None).exists()
    assert missing_waivers(review) == []


def test_an_approval_without_the_waiver_is_refused_and_says_who_gives_it(cast, review):
    with pytest.raises(Conflict, match=r"lets nobody approve R-.* without a waiver for pickle") as refused:
        vote(review, cast.tess, acknowledged=True)
    assert refused.value.code == "waiver-missing"
    assert "Gus" in refused.value.hint
    assert vote(review, cast.tess, choice="request_changes")


def test_an_approval_ends_no_later_than_the_waiver_it_needs(cast, review):
    waiver = give_waiver(review, "pickle", by=cast.gus, reason=WHY, until=in_days(30))
    approval = approve(cast, review)
    assert approval.valid_until == waiver.until
    given = Event.objects.get(verb="waiver.given")
    assert (given.subject_id, given.actor) == (str(review.version_id), cast.gus.person)
    assert given.texts.get().text == WHY


def test_a_waiver_that_ended_between_two_votes_counts_no_more(cast, review):
    waiver = give_waiver(review, "pickle", by=cast.gus, reason=WHY, until=in_days(30))
    vote(review, cast.tess)
    end_waiver(waiver, review=review, by=cast.gus)
    with pytest.raises(Conflict, match="without a waiver"):
        vote(review, cast.ada, "security", acknowledged=True)


def test_a_waiver_past_its_end_counts_no_more_and_a_new_one_takes_its_place(cast, review):
    past = timezone.now() - timedelta(days=40)
    old = Waiver.objects.create(version=review.version, matter="pickle", reason=WHY, given_by=cast.gus, given_at=past, until=past + timedelta(days=9))
    assert missing_waivers(review) == ["pickle"]
    give_waiver(review, "pickle", by=cast.gus, reason=WHY, until=in_days(3))
    old.refresh_from_db()
    assert old.ended_at is not None
    assert Event.objects.get(verb="waiver.ended").actor is None


def test_ending_a_waiver_makes_the_approval_that_needs_it_void(cast, review):
    waiver = give_waiver(review, "pickle", by=cast.gus, reason=WHY, until=in_days(30))
    approval = approve(cast, review)
    end_waiver(waiver, review=review, by=cast.gus)
    approval.refresh_from_db()
    assert approval.void_reason == "Its waiver for pickle was ended"
    review.version.refresh_from_db()
    assert review.version.state == "expired"
    assert Event.objects.get(verb="waiver.ended").actor == cast.gus.person
    with pytest.raises(Conflict, match="is over"):
        end_waiver(waiver, review=review, by=cast.gus)


@pytest.mark.parametrize("name", ["tess", "ada", "paul", "nina", "root", "aud"])
def test_only_governance_gives_one(cast, review, name):
    with pytest.raises(NotAllowed, match="Only governance"):
        give_waiver(review, "pickle", by=cast.people[name], reason=WHY, until=in_days(9))
    assert not Waiver.objects.exists()


def test_governance_that_was_involved_gives_none(cast, review):
    give_role(cast.paul, "governance", by=None)
    add_member(cast.finance_ml, cast.gus, role="viewer", by=None)
    assert waiver_givers(review) == []
    for person in (cast.paul, cast.gus):
        with pytest.raises(NotAllowed, match="Four-eyes rule") as refused:
            give_waiver(review, "pickle", by=type(person).objects.get(pk=person.pk), reason=WHY, until=in_days(9))
        assert refused.value.code == "four-eyes"


@pytest.mark.parametrize(
    ("given", "field"),
    [({"matter": "virus"}, "matter"), ({"matter": "failed_check"}, "matter"), ({"reason": "Because."}, "reason"), ({"days": 92}, "until"),
     ({"days": -1}, "until")],
)  # fmt: skip
def test_what_is_wrong_with_a_waiver_is_told_at_its_field(cast, review, given, field):
    asked = {"matter": "pickle", "reason": WHY, "days": 30} | given
    with pytest.raises(Invalid) as wrong:
        give_waiver(review, asked["matter"], by=cast.gus, reason=asked["reason"], until=in_days(asked["days"]))
    assert list(wrong.value.fields) == [field]


def test_a_tier_whose_policy_knows_no_waiver_gets_none(cast, starter):
    review = a_review(cast.finance_ml, cast.nina, outcome="warn")
    let_warn_of_a_pickle(review)
    with pytest.raises(Invalid, match="not given"):
        give_waiver(review, "pickle", by=cast.gus, reason=WHY, until=in_days(9))
    assert vote(review, cast.tess, acknowledged=True)


def test_two_waivers_for_one_thing_are_refused(cast, review):
    give_waiver(review, "pickle", by=cast.gus, reason=WHY, until=in_days(9))
    with pytest.raises(Conflict, match="already"):
        give_waiver(review, "pickle", by=cast.gus, reason=WHY, until=in_days(9))


def test_the_database_keeps_waivers_short_and_unchanged(cast, review):
    now = timezone.now()
    about = {"version": review.version, "matter": "pickle", "given_by": cast.gus, "given_at": now}
    for wrong in ({"reason": WHY, "until": now + timedelta(days=91)}, {"reason": "", "until": now + timedelta(days=9)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Waiver.objects.create(**about, **wrong)
    waiver = Waiver.objects.create(**about, reason=WHY, until=now + timedelta(days=9))
    for change in ({"reason": "Another reason, written later."}, {"until": now + timedelta(days=20)}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Waiver.objects.filter(pk=waiver.pk).update(**change)


def test_the_page_says_who_can_give_it_and_offers_the_form_to_them(cast, review, signed_in):
    place = f"/reviews/{review.number}"
    assert "Gus can give it" in signed_in(cast.tess).get(place).text
    assert "Give the waiver" not in signed_in(cast.tess).get(place).text
    client = signed_in(cast.gus)
    assert "Give the waiver" in client.get(place).text
    sent = {"waiver-matter": "pickle", "waiver-reason": "Because.", "waiver-until": f"{in_days(30):%Y-%m-%d}"}
    answer = client.post(f"{place}/waivers", sent)
    assert answer.status_code == 422
    assert "Say why in 20 to 2000 characters" in answer.text
    assert client.post(f"{place}/waivers", sent | {"waiver-reason": WHY}).status_code == 303
    assert WHY in client.get(place).text
    waiver = Waiver.objects.get()
    assert client.post(f"{place}/waivers/{waiver.pk}/end").status_code == 303
    assert missing_waivers(review) == ["pickle"]


def test_a_waiver_by_rest(cast, review, client, token_of):
    place, mine = f"/api/v1/reviews/{review.number}", token_of(cast.gus, "read", "review")
    assert client.get(place, headers=mine).json()["waivers_missing"] == ["pickle"]
    sent = {"matter": "pickle", "reason": WHY, "until": in_days(30).isoformat()}
    answer = client.post(f"{place}/waivers", sent, content_type="application/json", headers=mine)
    assert answer.status_code == 201, answer.text
    shown = client.get(place, headers=mine).json()
    assert (shown["waivers"], shown["waivers_missing"]) == ([answer.json()], [])
    ended = client.delete(f"{place}/waivers/{answer.json()['id']}", headers=mine)
    assert (ended.status_code, ended.json()["ended_at"] is None) == (200, False)
    assert client.delete(f"{place}/waivers/0", headers=mine).status_code == 404
