"""Two people at the same moment: one order, one winner; and refusals that stay in the record."""

import threading

import pytest
from django.db import connection

from catalog.cards.actions import save_card
from catalog.registry.models import ModelVersion
from governance.reviews.actions import quarantine_version, suspend_version, withdraw_review
from governance.reviews.models import Decision, Review
from marketplace.accounts.models import User
from marketplace.activity.models import Event
from marketplace.activity.queries import chain_report
from marketplace.errors import DomainError, NotAllowed
from tests.governance.reviews.conftest import REASON, a_review, pins, vote


def at_once(*calls):
    """Run the calls in threads that start together; return what each gave or raised."""
    start, found = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place, call):
        try:
            start.wait(10)
            found[place] = call()
        except DomainError as error:
            found[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


def test_two_at_once_on_one_track_one_wins_and_the_other_is_told(committed):
    review = a_review(committed.finance_ml, committed.nina)
    signed = pins(review)
    ways = [("tess", "approve"), ("timo", "reject")]
    calls = [lambda n=n, c=c: vote(Review.objects.get(pk=review.pk), User.objects.get(username=n), choice=c, **signed) for n, c in ways]
    found = at_once(*calls)
    assert sum(isinstance(f, Decision) for f in found) == 1
    assert [f.status for f in found if isinstance(f, DomainError)] == [409]
    winner = next(f for f in found if isinstance(f, Decision))
    expected = "approved" if winner.choice == "approve" else "rejected"
    assert ModelVersion.objects.get(pk=review.version_id).state == expected
    assert Decision.objects.count() == 1
    assert chain_report().is_intact


def test_one_person_twice_at_once_counts_once(committed):
    review = a_review(committed.finance_ml, committed.nina, tier="T2")
    found = at_once(*[lambda: vote(Review.objects.get(pk=review.pk), User.objects.get(username="tess"))] * 2)
    assert sorted(type(f).__name__ for f in found) == ["Conflict", "Decision"]


def test_two_tracks_at_once_both_count_and_the_last_approves(committed):
    review = a_review(committed.finance_ml, committed.nina, tier="T2")
    found = at_once(
        lambda: vote(Review.objects.get(pk=review.pk), User.objects.get(username="tess"), "technical"),
        lambda: vote(Review.objects.get(pk=review.pk), User.objects.get(username="ada"), "security"),
    )
    assert all(isinstance(f, Decision) for f in found)
    assert ModelVersion.objects.get(pk=review.version_id).state == "approved"
    assert review.version.approvals.count() == 1


@pytest.mark.parametrize("other", ["quarantine", "withdraw", "save"])
def test_whatever_locks_a_version_takes_its_locks_in_one_order(committed, other):
    """Where two orders met, PostgreSQL would kill one of the two, and its thread would die of no refusal of ours."""
    for number in range(6):
        review = a_review(committed.finance_ml, committed.nina)
        if other == "save":
            vote(review, committed.tess)
        values = {"identity.summary": f"Told for the {number}th time.", "risk.limitations": f"It is wrong {number} times."}
        ways = {
            "quarantine": lambda r=review: quarantine_version(r.version, reason=REASON, by=User.objects.get(username="ada")),
            "withdraw": lambda r=review: withdraw_review(r, by=User.objects.get(username="nina")),
            "save": lambda r=review, v=values: save_card(r.version.model, by=User.objects.get(username="paul"), values=v),
        }
        beside = {
            "save": lambda r=review: suspend_version(r.version, reason=REASON, by=User.objects.get(username="ada")),
        }.get(other, lambda r=review: vote(Review.objects.get(pk=r.pk), User.objects.get(username="tess")))
        assert all(found is not None for found in at_once(ways[other], beside))
    assert chain_report().is_intact


def test_a_refusal_stays_although_the_decision_does_not(committed, token_of, client):
    review = a_review(committed.finance_ml, committed.nina)
    with pytest.raises(NotAllowed):
        vote(review, committed.paul)
    body = {"track": "technical", "choice": "approve", "reason": REASON} | pins(review)
    answer = client.post(
        f"/api/v1/reviews/{review.number}/decisions", body, content_type="application/json", headers=token_of(committed.nina, "review")
    )
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"].startswith("Four-eyes rule")
    assert Event.objects.filter(verb="review.refused", link__isnull=False).count() == 2
    assert not Decision.objects.exists()
