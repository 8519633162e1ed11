"""The embedded services: started once, shared, safe against hard kills, on the same data next time."""

import json
import os
import subprocess
import sys

import psycopg
import pytest
import redis

from marketplace.local.folders import REPOSITORY, kept_secret, locked, temporary_home
from marketplace.local.postgres import Postgres
from marketplace.local.processes import LocalError, free_port
from tests.marketplace.local.conftest import Holder, eventually, running_in

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def shared():
    """Services for the tests that only look at them."""
    with temporary_home() as home:
        holder = Holder(home)
        yield home, holder.services()
        holder.finish()


def write(services, word):
    with psycopg.connect(services["database_url"], autocommit=True) as server:
        server.execute("CREATE TABLE IF NOT EXISTS words (word text)")
        server.execute("INSERT INTO words VALUES (%s)", [word])
    with redis.Redis.from_url(services["redis_url"]) as broker:
        broker.rpush("words", word)


def words(services):
    with psycopg.connect(services["database_url"]) as server:
        rows = [row[0] for row in server.execute("SELECT word FROM words ORDER BY word")]
    with redis.Redis.from_url(services["redis_url"]) as broker:
        return rows, [word.decode() for word in broker.lrange("words", 0, -1)]


def test_services_refuse_a_wrong_password(shared):
    _, services = shared
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(services["database_url"].replace(":", ":x", 2).replace("x//", "//"))
    with pytest.raises(redis.AuthenticationError), redis.Redis(port=int(services["redis_url"].rsplit(":", 1)[1].split("/")[0])) as stranger:
        stranger.ping()


def test_the_broker_never_evicts_and_keeps_what_it_is_given(shared):
    with redis.Redis.from_url(shared[1]["redis_url"]) as broker:
        assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert broker.config_get("appendfsync") == {"appendfsync": "everysec"}
        assert broker.config_get("appendonly") == {"appendonly": "yes"}


def test_a_second_command_uses_the_running_services_and_the_first_waits_for_it(home, hold):
    first = hold("demo")
    services = first.services()
    second = hold("search")
    assert second.services()["database_url"] == services["database_url"]
    first.process.stdin.write("\n")
    first.process.stdin.flush()
    assert first.process.stderr.readline() == "Done; waiting for another command that uses the same database …\n"
    write(services, "still there")
    second.finish()
    assert first.process.wait(20) == 0
    assert not (home / "services.json").exists()


def test_up_refuses_to_run_twice_and_waits_for_a_passing_command(home, hold):
    passing = hold("demo")
    passing.services()
    up = hold("up")
    assert up.process.stderr.readline().startswith("Waiting for `demo` (process ")
    passing.finish()
    up.services()
    again = hold("up")
    assert again.process.wait(20) != 0
    assert "is already running at" in again.process.stderr.read()


def test_only_the_owner_may_read_the_state(shared):
    home, services = shared
    assert (home / "services.json").stat().st_mode & 0o777 == 0o600
    assert json.loads((home / "services.json").read_text()) == services


def test_a_hard_kill_leaves_nothing_running_and_the_next_start_has_the_data(home, hold):
    holder = hold("up")
    services = holder.services()
    write(services, "before")
    assert len(running_in(home)) >= 3
    holder.kill()
    assert eventually(lambda: not running_in(home)), running_in(home)
    assert (home / "services.json").exists(), "the kill was too soft: the state was tidied away"
    again = hold().services()
    assert again["database_url"] != services["database_url"], "the port is random"
    assert words(again) == (["before"], ["before"])


def test_an_orphaned_postmaster_is_stopped_before_the_data_is_used_again(home, hold):
    first = hold()
    write(first.services(), "kept")
    first.finish()
    server = Postgres(home, log=home / "logs" / "orphan.log")
    command = [server.binaries / "postgres", "-D", server.cluster, "-c", "listen_addresses=127.0.0.1", "-c", f"port={free_port()}"]
    account = {"user": server.account.user, "group": server.account.group, "extra_groups": []} if server.account else {}
    command += ["-c", "unix_socket_directories="]
    orphan = subprocess.Popen(command, cwd=server.cluster, stderr=subprocess.DEVNULL, start_new_session=True, **account)
    try:
        assert eventually((server.cluster / "postmaster.pid").exists)
        assert words(hold().services())[0] == ["kept"]
        assert orphan.wait(5) == 0
    finally:
        orphan.kill()
        orphan.wait()


def test_what_the_environment_gives_is_not_started(home, hold):
    services = hold(DATABASE_URL="postgres://elsewhere/db", REDIS_URL="redis://elsewhere/0").services()
    assert (services["database_url"], services["redis_url"], services["pid"]) == ("postgres://elsewhere/db", "redis://elsewhere/0", 0)
    assert not (home / "services.lock").exists()


def test_an_address_may_come_from_a_file(home, hold):
    (home / "secret").write_text("postgres://elsewhere/db\n")
    services = hold(DATABASE_URL_FILE=str(home / "secret"), REDIS_URL="redis://elsewhere/0").services()
    assert services["database_url"] == "postgres://elsewhere/db"


def test_a_lock_is_free_again_when_its_process_is_gone(home):
    hold_it = "import sys, os; from pathlib import Path; from marketplace.local.folders import locked\nwith locked(Path(sys.argv[1])) as ours: os._exit(7 if ours else 1)"
    assert subprocess.run([sys.executable, "-c", hold_it, str(home / "lock")], cwd=REPOSITORY, check=False).returncode == 7
    with locked(home / "lock") as ours, locked(home / "lock") as twice:
        assert (ours, twice) == (True, False)


def test_secrets_are_kept_and_private(home):
    value = kept_secret(home / "key")
    assert len(value) >= 40
    assert kept_secret(home / "key") == value
    assert (home / "key").stat().st_mode & 0o777 == 0o600


def test_data_of_another_major_version_is_refused_with_a_way_out(home, hold):
    first = hold()
    first.services()
    first.finish()
    (home / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(LocalError, match=r"written by PostgreSQL 12 .* Dump and load"):
        Postgres(home, log=home / "log").start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must hand the database to another account")
def test_as_root_the_database_runs_as_nobody_on_data_that_only_nobody_reads(shared):
    facts = (shared[0] / "postgres").stat()
    assert facts.st_uid != 0
    assert facts.st_mode & 0o777 == 0o700
