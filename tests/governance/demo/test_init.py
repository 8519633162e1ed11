"""The first real use: everything needed and nobody else."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from governance.policies.models import Policy
from marketplace.accounts.models import Membership, OrganizationRole, Team, User
from marketplace.activity.models import Event

GIVEN = {"organization": "Example Works", "admin": "anna", "email": "anna@example.com", "team": "documents"}


@pytest.fixture
def empty(db, monkeypatch):
    """A marketplace in which nothing has happened yet, until the test ends."""
    with connection.cursor() as cursor:
        tables = ("marketplace_event", "marketplace_eventlink", "marketplace_eventtext")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("TRUNCATE marketplace_user, marketplace_team, governance_policy, marketplace_event CASCADE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)


def run(command="init", *args, **options):
    """What the command says."""
    out = StringIO()
    call_command(command, *args, stdout=out, no_color=True, **options)
    return out.getvalue()


def test_it_sets_up_what_is_needed_and_nobody_else(empty, tmp_path):
    (tmp_path / "password").write_text("quiet-Harbor-71-lanterns\n")
    said = run(**GIVEN, password_file=tmp_path / "password")
    anna = User.objects.get()
    assert anna.check_password("quiet-Harbor-71-lanterns")
    assert "quiet-Harbor" not in said
    assert OrganizationRole.objects.get().role == "administrator"
    assert (Team.objects.get().name, Membership.objects.get().role) == ("documents", "owner")
    assert str(Policy.objects.get()) == "starter@1"
    event = Event.objects.get(verb="organization.founded")
    details = json.loads(event.body)["details"]
    assert details["organization"] == "Example Works"
    assert details["operator"]
    assert event.request_id.startswith("manage.py init by ")


def test_it_says_which_tracks_have_nobody_and_what_to_do(empty):
    said = run(**GIVEN)
    for track in ("technical", "security", "model_risk", "business_owner"):
        assert f"--role reviewer:{track}" in said
    assert "shown this once" in said
    run("person", "tess", email="tess@example.com", role=["reviewer:technical"], team=["documents:viewer"])
    assert OrganizationRole.objects.get(user__username="tess").track == "technical"


def test_a_second_time_it_refuses_and_changes_nothing(empty):
    run(**GIVEN)
    before = Event.objects.count()
    with pytest.raises(CommandError, match="set up already"):
        run(**GIVEN | {"admin": "otto"})
    assert Event.objects.count() == before
    assert User.objects.count() == 1


def test_the_demo_world_with_its_known_passwords_stays_out_afterwards(empty, settings):
    settings.LOCAL = True
    run(**GIVEN)
    with pytest.raises(CommandError, match="set up for real"):
        run("demo")
    assert User.objects.count() == 1


def test_what_became_of_a_person_is_said(empty):
    run(**GIVEN)
    assert "ben: added." in run("person", "ben", email="ben@example.com")
    assert run("person", "ben") == "ben: known; nothing was changed.\n"
    assert run("person", "ben", team=["documents:viewer"], close=True) == "ben: documents:viewer, account closed.\n"
    assert not User.objects.get(username="ben").is_active
    assert run("person", "ben", open=True) == "ben: account open.\n"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"email": "nowhere"}, "no e-mail"),
        ({"team": "a b"}, "no valid name"),
        ({"admin": "../x"}, "no valid name"),
        ({"organization": None}, "--organization is missing"),
    ],
)
def test_it_says_what_is_wrong_and_sets_up_nothing(empty, wrong, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(**GIVEN | wrong)
    assert not User.objects.exists()
    assert not Event.objects.exists()


def test_a_weak_password_is_refused(empty, tmp_path):
    (tmp_path / "password").write_text("password1234")
    with pytest.raises(CommandError, match="not good enough"):
        run(**GIVEN, password_file=tmp_path / "password")
    assert not User.objects.exists()


def test_a_person_needs_an_address_a_real_role_and_a_real_team(empty):
    run(**GIVEN)
    for options, sentence in (
        ({}, "no e-mail"),
        ({"email": "b@example.com", "role": ["king"]}, "no role"),
        ({"email": "b@example.com", "team": ["none:owner"]}, "no such team"),
    ):
        with pytest.raises(CommandError, match=sentence):
            run("person", "ben", **options)
    assert not User.objects.filter(username="ben").exists()
