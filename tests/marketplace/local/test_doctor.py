"""The doctor: every answer is either ok or says what to do, and no failure counts as ok."""

import re
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import DatabaseError

from marketplace import sandbox as box
from marketplace.activity.models import Delivery, Event
from marketplace.local import doctor

pytestmark = pytest.mark.django_db


def answer(name):
    return next(a for a in doctor.examine() if a.name == name)


def test_every_question_has_an_answer_and_every_failure_a_next_step():
    answers = list(doctor.examine())
    assert len(answers) == len(doctor.QUESTIONS) + len(doctor.ABOVE) == len(doctor.REMEDIES)
    assert [a.name for a in answers if not a.ok and not a.todo.endswith((".", "`."))] == []


def test_the_services_of_this_run_are_well():
    assert re.fullmatch(r"PostgreSQL \d+\.\d+.*", answer("database").found)
    assert [answer(name).todo for name in ("python", "packages", "database", "migrations", "broker", "storage", "secret key")] == [""] * 7


def test_a_broker_that_does_not_answer_is_missing(settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert not answer("broker").ok
    assert answer("broker").found.startswith("ConnectionError")


def test_an_old_database_is_missing(monkeypatch):
    monkeypatch.setattr(doctor, "OLDEST_POSTGRES", 1000)
    assert answer("database").todo == "Move to PostgreSQL 1000 or newer."


def test_a_question_that_breaks_is_never_ok(monkeypatch):
    def database():
        raise DatabaseError("gone away\nwith details")

    monkeypatch.setattr(doctor, "QUESTIONS", (database,))
    monkeypatch.setitem(doctor.REMEDIES, database, "Bring it back.")
    monkeypatch.setattr(doctor, "ABOVE", [])
    assert [(a.found, a.todo) for a in doctor.examine()] == [("DatabaseError: gone away", "Bring it back.")]


def test_weak_values_are_missing(settings):
    settings.SECRET_KEY = "a" * 60
    settings.PUBLIC_URL = "http://models.example.com"
    assert (answer("secret key").ok, answer("public url").ok) == (False, False)


def test_a_listener_that_failed_is_missing_until_it_has_heard(cast):
    assert answer("deliveries").ok
    Delivery.objects.create(event=Event.objects.latest("pk"), listener="test", attempts=3)
    assert (answer("deliveries").found, answer("deliveries").ok) == ("1 failed and wait to be tried again", False)


def test_pages_without_collected_styles_are_missing(monkeypatch):
    monkeypatch.setattr(doctor, "staticfiles_storage", SimpleNamespace(hashed_files={}))
    assert answer("static files").todo == "Run `manage.py collectstatic --noinput`, then start web and files again."
    monkeypatch.setattr(doctor, "staticfiles_storage", SimpleNamespace(hashed_files={"icon.svg": "icon.1.svg"}))
    assert (answer("static files").ok, answer("static files").found) == (True, "1 collected")


def test_a_full_disk_is_missing(monkeypatch):
    monkeypatch.setattr(doctor, "LEAST_FREE", 2**60)
    assert answer("free space").todo.startswith("Free at least")


def test_the_sandbox_is_what_files_are_really_read_in():
    found = answer("sandbox")
    assert found.ok
    assert found.found.startswith(box.choice().profile)


@pytest.fixture
def no_sandbox(monkeypatch, settings):
    """A machine without bubblewrap, told to use nothing else."""
    monkeypatch.setattr("marketplace.sandbox.world.PROGRAMS", "/nowhere")
    settings.SANDBOX_PROFILE = "bubblewrap"
    box.forget()
    yield settings
    box.forget()


def test_without_a_sandbox_the_doctor_says_why_and_what_to_do(no_sandbox):
    found = answer("sandbox")
    assert found.found == "none, so no file is read (bubblewrap: bubblewrap is not installed)"
    assert "apt-get install bubblewrap" in found.todo


def test_reading_without_a_sandbox_is_never_well(no_sandbox):
    no_sandbox.ALLOW_UNSANDBOXED_SCAN = True
    found = answer("sandbox")
    assert (found.ok, found.found.startswith("none: files are read unsandboxed")) == (False, True)


def test_packages_that_differ_from_the_lock_are_named(monkeypatch):
    monkeypatch.setattr(doctor.importlib.metadata, "version", lambda _name: "0.0.1")
    found = answer("packages")
    assert found.todo == "Run `make setup`."
    assert re.search(r"amqp is 0\.0\.1, locked is ==\S+; .* and \d+ more", found.found)


def test_the_command_ends_with_one_when_something_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "QUESTIONS", (doctor.python,))
    call_command("doctor", no_color=True)
    assert capsys.readouterr().out.startswith("ok       python      3.")
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 0, "final", 0))
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", no_color=True)
    assert ended.value.code == 1
    assert "missing  python      3.10.0. Install Python 3.11 or newer" in capsys.readouterr().out
