"""What manage.py prepares before a command runs."""

import socket
import subprocess
import sys

import pytest

from marketplace.local import entry
from marketplace.local.folders import REPOSITORY
from marketplace.local.processes import LocalError
from tests.marketplace.local.conftest import clean_environment

pytestmark = pytest.mark.full


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_the_usual_port_gives_way_when_it_is_taken(monkeypatch, listener):
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.setattr(entry, "USUAL_PORT", listener)
    chosen = entry.chosen_port()
    assert chosen != listener
    with socket.create_server(("127.0.0.1", chosen)):
        pass


def test_a_wished_port_that_is_taken_is_refused_and_not_replaced(monkeypatch, listener):
    monkeypatch.setenv("PORT", str(listener))
    with pytest.raises(LocalError, match=f"Port {listener} cannot be used"):
        entry.chosen_port()


@pytest.mark.parametrize("wish", ["eighty", "0", "65536", "-1", "80.5"])
def test_a_port_that_is_no_port_is_refused(monkeypatch, wish):
    monkeypatch.setenv("PORT", wish)
    with pytest.raises(LocalError, match="set it to a number"):
        entry.chosen_port()


@pytest.mark.parametrize("arguments", [["check"], ["migrate", "--help"]])
def test_questions_start_no_database(home, arguments):
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=REPOSITORY, env=clean_environment(home), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert list(home.iterdir()) == [home / "in-use"]


def test_a_command_gets_a_database_for_its_own_duration_and_a_key_that_stays(home):
    script = "from django.conf import settings; from django.db import connection as c; c.ensure_connection(); print(settings.SECRET_KEY)"
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-v0", "-c", script]
    keys = {subprocess.run(command, cwd=REPOSITORY, env=clean_environment(home), capture_output=True, text=True, check=True).stdout for _ in range(2)}
    assert keys == {(home / "secret_key").read_text() + "\n"}
    assert not (home / "services.json").exists()


def test_unsafe_values_are_one_sentence_and_not_a_traceback(home):
    environment = clean_environment(home, DATABASE_URL="postgres://nowhere/x", DEBUG="0", SECRET_KEY="short")
    done = subprocess.run([sys.executable, "manage.py", "migrate"], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Refusing to start: ")
    assert "SECRET_KEY" in done.stderr
    assert "Traceback" not in done.stderr
