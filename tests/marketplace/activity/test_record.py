"""The record: nothing happens without an event, nothing in it can change unnoticed."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, InternalError, connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client import REGISTRY

from marketplace.accounts.actions import add_person, create_team, erase_person
from marketplace.activity.actions import record
from marketplace.activity.models import Delivery, Event, EventLink, EventText
from marketplace.activity.queries import chain_report, events_about, undelivered
from marketplace.activity.subscribers import _after, on
from marketplace.activity.work import LONGEST_PAUSE, deliver, pause_after

REFUSED = (IntegrityError, InternalError)


@pytest.fixture
def committed(transactional_db):
    """A database in which commits are real."""
    from tests import cast as people

    return people.load()


def test_an_unknown_verb_is_refused(cast):
    with pytest.raises(KeyError, match=r"no\.such_verb"), transaction.atomic():
        record("no.such_verb", cast.finance_ml, by=cast.paul)


def test_a_failed_action_leaves_no_event(committed):
    before = Event.objects.count()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record("team.created", committed.finance_ml, by=committed.root)
        raise ZeroDivisionError
    assert Event.objects.count() == before


def test_events_are_linked_without_gap_at_commit(committed):
    for number in range(5):
        create_team(f"team-{number}", by=committed.root)
    assert list(EventLink.objects.values_list("seq", flat=True)) == list(range(1, Event.objects.count() + 1))
    assert chain_report().is_intact


@pytest.mark.parametrize(
    "statement", ["UPDATE marketplace_event SET verb = 'x'", "DELETE FROM marketplace_event", "UPDATE marketplace_eventlink SET hash = ''"]
)
def test_the_database_refuses_to_change_the_record(committed, statement):
    with pytest.raises(REFUSED), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("tamper", "why"),
    [
        ("UPDATE marketplace_event SET body = replace(body, 'team.created', 'team.removed') WHERE verb = 'team.created'", "hash"),
        ("UPDATE marketplace_event SET actor = gen_random_uuid() WHERE verb = 'team.created'", "column actor"),
        ("DELETE FROM marketplace_eventlink WHERE seq = 3", "missing"),
    ],
)
def test_verification_names_the_first_bad_event_even_when_the_owner_of_the_database_tampered(committed, tamper, why):
    create_team("tampered", by=committed.root)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE marketplace_event DISABLE TRIGGER USER; ALTER TABLE marketplace_eventlink DISABLE TRIGGER USER")
        cursor.execute(tamper)
        cursor.execute("ALTER TABLE marketplace_event ENABLE TRIGGER USER; ALTER TABLE marketplace_eventlink ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE marketplace_event DISABLE TRIGGER events_are_never_truncated")
        cursor.execute("ALTER TABLE marketplace_eventlink DISABLE TRIGGER links_are_never_truncated")
    report = chain_report()
    assert not report.is_intact
    assert why in report.why


def test_truncating_the_record_is_refused(committed):
    with pytest.raises(REFUSED), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE marketplace_event ENABLE TRIGGER USER")
        cursor.execute("TRUNCATE marketplace_event CASCADE")


def test_erasing_a_person_keeps_the_chain_and_takes_name_and_words(committed):
    gone = add_person("gone", by=committed.root, name="Gone Girl", email="gone@example.com")
    with transaction.atomic():
        record("team.created", committed.finance_ml, by=gone, texts={"reason": "I live in Gone Street"})
    erase_person(gone, by=committed.root)
    assert chain_report().is_intact
    assert not EventText.objects.filter(text__contains="Gone Street").exists()
    bodies = "".join(Event.objects.values_list("body", flat=True))
    assert "Gone" not in bodies
    assert "gone@" not in bodies
    assert events_about(gone).filter(verb="person.erased").exists()


def test_the_record_holds_no_names_of_persons(cast):
    add_person("somebody-new", by=cast.root, name="Some Body")
    bodies = "".join(Event.objects.values_list("body", flat=True))
    assert "somebody-new" not in bodies
    assert "Some Body" not in bodies


def test_a_listener_hears_an_event_once_and_a_failing_one_is_kept_for_later(cast, monkeypatch):
    heard = []

    def listener(event):
        heard.append(event.pk)
        if len(heard) == 1:
            raise RuntimeError("not now")

    on("team.created", listener)
    try:
        team = create_team("heard", by=cast.root)
        event = events_about(team).get(verb="team.created")
        assert deliver(event.pk) == 0
        assert Delivery.objects.get(event=event).attempts == 1
        assert deliver(event.pk) == 0, "it is left alone for a while"
        Delivery.objects.update(next_at=Now())
        assert deliver(event.pk) == 1
        assert deliver(event.pk) == 0
        assert heard == [event.pk, event.pk]
    finally:
        _after["team.created"].clear()
    call_command("check", verbosity=0)


@pytest.fixture
def failing(cast):
    """An event whose only listener fails."""

    def bad(event):
        raise RuntimeError("broken until somebody mends it")

    on("team.created", bad)
    team = create_team("unheard", by=cast.root)
    event = events_about(team).get(verb="team.created")
    yield event
    _after["team.created"].clear()


def test_a_listener_is_never_given_up_and_waits_longer_each_time(failing):
    event = failing
    for _ in range(12):
        Delivery.objects.update(next_at=Now())
        assert undelivered() == [event.pk]
        assert deliver(event.pk) == 0
        assert undelivered() == []
    row = Delivery.objects.get(event=event)
    assert row.attempts == 12
    assert timedelta(minutes=55) < row.next_at - timezone.now() <= LONGEST_PAUSE
    assert [pause_after(n).total_seconds() for n in (1, 2, 3, 12, 5_000)] == [15, 30, 60, 3600, 3600]


def test_the_figures_name_what_a_listener_failed_on(failing):
    event = failing
    figure = "marketplace_deliveries_overdue"
    assert REGISTRY.get_sample_value(figure) == 0
    deliver(event.pk)
    assert REGISTRY.get_sample_value(figure) == 1


def test_delivering_locks_the_delivery_and_not_its_event(failing):
    event = failing
    with CaptureQueriesContext(connection) as seen:
        deliver(event.pk)
    locking = [query["sql"] for query in seen if "SKIP LOCKED" in query["sql"]]
    assert len(locking) == 1
    assert locking[0].endswith('FOR NO KEY UPDATE OF "marketplace_delivery" SKIP LOCKED')
