"""The queue, the review page and the steps, as people see them."""

import pytest

from governance.reviews import queries
from governance.reviews.actions import take_step
from governance.reviews.models import Decision
from governance.reviews.permissions import steps_for
from governance.reviews.queries import queue, waiting_for
from marketplace.accounts.actions import add_member, remove_member
from marketplace.activity.models import Event
from tests.governance.reviews.conftest import REASON, a_review, pins, vote


def form(review, track="technical", **given):
    """What the page's form sends."""
    return {"track_name": track} | {
        f"{track}-{k}": v for k, v in ({"choice": "approve", "reason": REASON, "track": track} | pins(review) | given).items()
    }


@pytest.mark.parametrize(
    ("name", "status"),
    [("tess", 200), ("rita", 200), ("ada", 200), ("gus", 200), ("aud", 200), ("nina", 404), ("bea", 404), ("stan", 404), ("root", 404)],
)
def test_the_queue_is_for_reviewers_and_overseers(cast, review, signed_in, name, status):
    assert signed_in(cast.people[name]).get("/reviews").status_code == status


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("tess", 200),
        ("rita", 200),
        ("gus", 200),
        ("aud", 200),
        ("ada", 200),
        ("nina", 200),
        ("paul", 200),
        ("bea", 404),
        ("stan", 404),
        ("root", 404),
    ],
)
def test_a_review_is_read_by_those_it_concerns(cast, review, signed_in, name, status):
    assert signed_in(cast.people[name]).get(f"/reviews/{review.number}").status_code == status


def test_a_private_review_is_not_there_for_reviewers_of_other_tracks(cast, starter, signed_in):
    review = a_review(cast.secret_lab, cast.sam, visibility="team")
    assert signed_in(cast.tess).get(f"/reviews/{review.number}").status_code == 200
    assert signed_in(cast.rita).get(f"/reviews/{review.number}").status_code == 404


@pytest.mark.parametrize("tab", ["mine", "tracks", "submitter", "all", "done"])
def test_each_tab_of_the_queue_has_an_answer(cast, review, signed_in, tab):
    page = signed_in(cast.tess).get(f"/reviews?tab={tab}")
    assert page.status_code == 200
    assert (review.number in page.text) == (tab in {"mine", "tracks", "all"})


def test_mine_are_those_i_can_decide(cast, starter):
    first, own = a_review(cast.finance_ml, cast.nina, tier="T2"), a_review(cast.finance_ml, cast.nina)
    own.version.__class__.objects.filter(pk=own.version_id).update(created_by=cast.tess)
    assert list(waiting_for(cast.tess)) == [first]
    assert set(queue(cast.tess, "tracks", mine=[])) == {first, own}
    vote(first, cast.tess)
    assert not waiting_for(cast.tess).exists()
    assert list(waiting_for(cast.ada)) == [first]


def test_a_reviewer_sees_what_is_needed_and_a_form(cast, review, signed_in):
    page = signed_in(cast.tess).get(f"/reviews/{review.number}").text
    assert "What is still needed" in page
    assert "You and Timo can decide." in page
    assert "Decide: Technical" in page
    assert review.manifest_digest in page


def test_the_submitter_reads_the_four_eyes_rule_and_has_no_form(cast, review, signed_in):
    page = signed_in(cast.nina).get(f"/reviews/{review.number}").text
    assert "Four-eyes rule: you cannot decide" in page
    assert "Decide:" not in page
    answer = signed_in(cast.nina).post(f"/reviews/{review.number}/decisions", form(review))
    assert answer.status_code == 403
    assert Event.objects.filter(verb="review.refused", actor=cast.nina.person).count() == 1


def test_a_decision_from_the_page(cast, review, signed_in):
    answer = signed_in(cast.tess).post(f"/reviews/{review.number}/decisions", form(review, conditions="Log it.\n\nTell users."))
    assert answer.status_code == 303
    assert Decision.objects.get().conditions == ["Log it.", "Tell users."]
    assert review.version.approvals.get().conditions == ["Log it.", "Tell users."]


def test_a_short_reason_comes_back_with_what_was_typed(cast, review, signed_in):
    answer = signed_in(cast.tess).post(f"/reviews/{review.number}/decisions", form(review, reason="too short", conditions="Keep this."))
    assert answer.status_code == 422
    assert "20 to 5000 characters" in answer.text
    assert "too short" in answer.text
    assert "Keep this." in answer.text


def test_a_missing_choice_is_told_at_its_field(cast, review, signed_in):
    answer = signed_in(cast.tess).post(f"/reviews/{review.number}/decisions", form(review, choice=""))
    assert answer.status_code == 422
    assert "Decision: This field is required" in answer.text


def test_moved_inputs_are_a_409_that_keeps_the_text_and_signs_the_new_pins(cast, review, signed_in):
    answer = signed_in(cast.tess).post(f"/reviews/{review.number}/decisions", form(review, card_revision=7))
    assert answer.status_code == 409
    assert "you saw revision 7, now 1" in answer.text
    assert REASON in answer.text
    assert 'name="technical-card_revision" value="1"' in answer.text


def test_a_late_decision_keeps_the_text_although_there_is_no_form_any_more(cast, review, signed_in):
    late = form(review)
    vote(review, cast.timo)
    answer = signed_in(cast.tess).post(f"/reviews/{review.number}/decisions", late)
    assert answer.status_code == 409
    assert "Your reason, not stored" in answer.text
    assert REASON in answer.text


def test_a_conversation(cast, review, signed_in):
    client = signed_in(cast.nina)
    assert client.post(f"/reviews/{review.number}/comments", {"text": "Which <b>languages</b>?"}).status_code == 303
    assert "Which &lt;b&gt;languages" in client.get(f"/reviews/{review.number}").text
    assert client.post(f"/reviews/{review.number}/comments", {"text": " "}).status_code == 422
    assert signed_in(cast.aud).post(f"/reviews/{review.number}/comments", {"text": "Hello"}).status_code == 403


def test_a_version_is_withdrawn_by_its_team_only(cast, review, signed_in):
    assert signed_in(cast.tess).post(f"/reviews/{review.number}/withdraw").status_code == 403
    assert signed_in(cast.nina).post(f"/reviews/{review.number}/withdraw").status_code == 303
    review.refresh_from_db()
    review.version.refresh_from_db()
    assert (review.state, review.version.state) == ("withdrawn", "withdrawn")


@pytest.mark.parametrize(("name", "role", "may"), [("nina", "", True), ("paul", "", True), ("stan", "viewer", False), ("stan", "contributor", True)])
def test_withdrawing_is_offered_to_exactly_those_who_may(*, cast, review, signed_in, name, role, may):
    person = cast.people[name]
    if role:
        add_member(cast.finance_ml, person, role=role, by=None)
    person = type(person).objects.get(pk=person.pk)
    assert ("withdraw" in steps_for(person, review.version)) is may
    client, place = signed_in(person), f"/reviews/{review.number}"
    assert (f"{place}/withdraw" in client.get(place).text) is may
    assert (client.post(f"{place}/withdraw").status_code == 303) is may


def test_a_submitter_who_left_the_team_may_still_withdraw(cast, review, signed_in):
    remove_member(cast.finance_ml, cast.nina, by=cast.paul)
    gone = type(cast.nina).objects.get(pk=cast.nina.pk)
    assert "withdraw" in steps_for(gone, review.version)
    assert take_step("withdraw", review.version, by=gone).state == "withdrawn"


def test_a_viewer_of_the_team_reads_which_check_found_something_and_not_what(cast, starter, signed_in):
    review = a_review(cast.finance_ml, cast.nina, outcome="warn", findings=["medium"])
    add_member(cast.finance_ml, cast.stan, role="viewer", by=None)
    theirs, mine = (signed_in(person).get(f"/reviews/{review.number}").text for person in (cast.stan, cast.nina))
    assert "Something." not in theirs
    assert "Paths" in theirs
    assert "Something." in mine


@pytest.mark.parametrize("address", ["/reviews", "/"])
def test_what_waits_for_a_reviewer_is_worked_out_once_a_page(cast, review, signed_in, monkeypatch, address):
    asked, real = [], queries.involved_in
    monkeypatch.setattr(queries, "involved_in", lambda *given, **more: asked.append(1) or real(*given, **more))
    assert signed_in(cast.tess).get(address).status_code == 200
    assert len(asked) == 1


def test_the_auditor_sees_no_form_that_changes_the_review(cast, review, signed_in):
    page = signed_in(cast.aud).get(f"/reviews/{review.number}").text
    assert f"/reviews/{review.number}/" not in page


def test_suspending_from_the_page(cast, review, signed_in):
    vote(review, cast.tess)
    version = review.version
    address = f"/m/{version.model.team.name}/{version.model.name}/v/{version.version}/suspend"
    assert "not possible for you" in signed_in(cast.nina).get(address).text
    client = signed_in(cast.ada)
    assert client.get(address).status_code == 200
    assert client.post(address, {"reason": "short"}).status_code == 422
    assert client.post(address, {"reason": "It leaks training data in answers."}).status_code == 303
    version.refresh_from_db()
    assert version.state == "suspended"


def test_pages_of_reviews_ask_the_database_a_bounded_number_of_times(cast, starter, signed_in, django_assert_max_num_queries):
    few = [a_review(cast.finance_ml, cast.nina, tier="T1") for _ in range(5)]
    client = signed_in(cast.tess)
    client.get("/reviews?tab=all")
    with django_assert_max_num_queries(15):
        client.get("/reviews?tab=all")
    with django_assert_max_num_queries(26):
        client.get(f"/reviews/{few[0].number}")
