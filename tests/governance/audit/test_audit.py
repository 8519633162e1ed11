"""The audit page, its REST twin, verification, erasure and tampering."""

import json

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from governance.audit.queries import Search, events, pseudonym_of, record_report, shown, subject_of
from marketplace.accounts.actions import add_person, create_team, erase_person
from marketplace.activity.actions import record
from marketplace.activity.models import Event
from marketplace.errors import Invalid, NotFound
from tests import cast as people
from tests.factories import a_model, a_version

PEOPLE = [("aud", 200), ("gus", 200), ("ada", 404), ("tess", 404), ("paul", 404), ("bea", 404), ("root", 404), ("stan", 404)]


@pytest.fixture
def committed(transactional_db):
    """The cast in a database where commits are real."""
    return people.load()


GUARDS = {"marketplace_event": "events_never_change", "marketplace_eventlink": "links_never_change", "marketplace_eventtext": "texts_never_change"}


def tamper(statement, table):
    """Change what never changes, as the owner of the database could."""
    for words in (f"ALTER TABLE {table} DISABLE TRIGGER {GUARDS[table]}", statement, f"ALTER TABLE {table} ENABLE TRIGGER {GUARDS[table]}"):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(words)


def exit_status(*args, **options):
    """What the command ends with."""
    try:
        call_command(*args, **options)
    except SystemExit as ended:
        return ended.code
    return 0


@pytest.mark.parametrize(("name", "status"), PEOPLE)
def test_only_auditors_and_governance_read_the_record(*, cast, signed_in, token_of, client, name, status):
    assert signed_in(cast.people[name]).get("/audit").status_code == status
    assert signed_in(cast.people[name]).post("/audit/verify").status_code == (status if status == 404 else 200)
    assert signed_in(cast.people[name]).post("/audit/segment").status_code == status
    client.logout()
    assert client.get("/api/v1/audit-events", headers=token_of(cast.people[name])).status_code == status


def test_filters(cast):
    model = a_model(cast.finance_ml, cast.nina, "invoice-fields")
    version = a_version(model, cast.nina)
    assert {e.verb for e in events(cast.aud, Search(thing="finance-ml/Invoice-Fields"))} == {"model.registered"}
    assert {e.verb for e in events(cast.aud, Search(thing="finance-ml/invoice-fields@1.0.0"))} == {"version.added"}
    assert {e.verb for e in events(cast.aud, Search(thing=f"modelversion:{version.pk}"))} == {"version.added"}
    assert {e.actor for e in events(cast.aud, Search(person="NINA"))} == {cast.nina.person}
    assert events(cast.aud, Search(person=str(cast.nina.person))).count() == 2
    assert events(cast.aud, Search(verb="version.added")).count() == 1
    today = Event.objects.latest("at").at.date()
    assert events(cast.aud, Search(verb="version.added", since=today, until=today)).count() == 1
    assert not events(cast.aud, Search(until=today.replace(year=today.year - 1))).exists()
    assert subject_of("R-12") == ("review", "12")


@pytest.mark.parametrize("search", [Search(verb="no.verb"), Search(person="nobody-here"), Search(thing="no/such-model"), Search(thing="nothing")])
def test_what_does_not_exist_is_told(cast, search):
    with pytest.raises(Invalid):
        events(cast.aud, search)


def test_strangers_have_no_record(cast):
    with pytest.raises(NotFound):
        events(cast.stan, Search())


def test_the_page_shows_names_and_the_search_its_mistakes(cast, signed_in):
    a_model(cast.finance_ml, cast.nina, "invoice-fields")
    page = signed_in(cast.aud).get("/audit?person=nina").text
    assert "finance-ml/invoice-fields" in page
    assert "Nina" in page
    assert signed_in(cast.aud).get("/audit?person=zzz").status_code == 422
    assert signed_in(cast.aud).get("/audit?since=yesterday").status_code == 422


def test_rest_pages_by_key(cast, token_of, client):
    for number in range(5):
        a_model(cast.finance_ml, cast.nina, f"m{number}")
    header, seen, cursor = token_of(cast.aud), [], ""
    while cursor is not None:
        answer = client.get(f"/api/v1/audit-events?person=nina&limit=2&cursor={cursor}", headers=header).json()
        seen += [event["id"] for event in answer["results"]]
        cursor = answer["next"]
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 5
    assert client.get("/api/v1/audit-events?colour=red", headers=header).status_code == 422


def test_erasing_a_person_hides_name_and_text_and_the_record_still_verifies(committed):
    wilma = add_person("wilma", by=committed.root, name="Wilma Wolf")
    with transaction.atomic():
        record("review.commented", committed.finance_ml, by=wilma, texts={"text": "Something personal."})
    event = Event.objects.get(verb="review.commented")
    before = shown([event])[0]
    assert (before.actor, before.texts) == ("Wilma Wolf", {"text": "Something personal."})
    erase_person(wilma, by=committed.root)
    after = shown([Event.objects.get(pk=event.pk)])[0]
    assert (after.actor, after.texts) == (str(wilma.person), {"text": None})
    assert record_report().is_intact
    assert "Wilma" not in "".join(Event.objects.values_list("body", flat=True))
    assert pseudonym_of(str(wilma.person)) == wilma.person


@pytest.mark.parametrize(
    ("statement", "table", "why"),
    [
        ("UPDATE marketplace_event SET body = replace(body, 'tampered', 'innocent') WHERE verb = 'team.created'", "marketplace_event", "hash"),
        ("UPDATE marketplace_event SET verb = 'team.member_added' WHERE verb = 'team.created'", "marketplace_event", "column verb"),
        ("UPDATE marketplace_eventlink SET hash = sha256('x') WHERE seq = 2", "marketplace_eventlink", "hash"),
        ("UPDATE marketplace_eventtext SET text = 'something else'", "marketplace_eventtext", "text reason"),
    ],
)
def test_a_change_by_the_owner_of_the_database_is_found(*, committed, signed_in, statement, table, why, capsys):
    create_team("tampered", by=committed.root)
    with transaction.atomic():
        record("version.suspended", committed.finance_ml, by=committed.ada, texts={"reason": "It leaks."})
    assert exit_status("audit_verify") == 0
    tamper(statement, table)
    assert exit_status("audit_verify") == 1
    assert why in capsys.readouterr().err
    page = signed_in(committed.aud).post("/audit/verify").text
    assert "Broken at event" in page


def test_an_exported_segment_verifies_without_a_database_and_a_changed_one_does_not(committed, signed_in, tmp_path, capsys):
    create_team("exported", by=committed.root)
    answer = signed_in(committed.aud).post("/audit/segment")
    lines = answer.getvalue().decode().splitlines(keepends=True)
    assert Event.objects.filter(verb="record.exported", actor=committed.aud.person).count() == 1
    whole = tmp_path / "segment.jsonl"
    whole.write_text("".join(lines))
    assert exit_status("audit_verify", file=str(whole)) == 0
    for number, wrong in (("body", lines[3].replace("person.", "persona.")), ("gone", ""), ("noise", "{\n"), ("head", None)):
        broken = tmp_path / f"{number}.jsonl"
        changed = lines[1:] if wrong is None else [*lines[:3], wrong, *lines[4:]]
        assert changed != lines
        broken.write_text("".join(changed))
        assert exit_status("audit_verify", file=str(broken)) == 1, number
    assert "event 3" in capsys.readouterr().err
    assert json.loads(lines[0])["format"].startswith("marketplace-audit-segment/")
