"""PostgreSQL and Valkey for whoever needs them: given by the environment, already running, or started for a while."""

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from marketplace.local.folders import WORLD, locked, made, outside, write_private
from marketplace.local.postgres import Postgres
from marketplace.local.processes import LocalError
from marketplace.local.valkey import Valkey

UP = "up"
STATE, LOCK, USERS = "services.json", "services.lock", "services.users"


@dataclass(frozen=True)
class Services:
    """Where the services are, and which process holds them (0: somebody else's)."""

    database_url: str
    redis_url: str
    pid: int = 0
    holder: str = ""
    public_url: str = ""

    def environment(self) -> dict[str, str]:
        """Return what the settings read."""
        return {name: value for name, value in {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}.items() if value}


def given(name: str) -> str:
    """Return a value the environment gives, directly or as a file that holds it."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as refused:
            raise LocalError(f"{name}_FILE names {path}, which cannot be read: {refused.strerror}.") from refused
    return os.environ.get(name, "")


@contextlib.contextmanager
def private_services(folder: Path, *, durable: bool = True, as_given: bool = True) -> Iterator[Services]:
    """Start on `folder` each service that the environment does not give, and stop it at the end."""
    database_url, redis_url = (given("DATABASE_URL"), given("REDIS_URL")) if as_given else ("", "")
    logs = folder / "logs"
    with contextlib.ExitStack() as stack:
        if not database_url:
            postgres = Postgres(_place_for_postgres(folder), log=logs / "postgres.log", durable=durable)
            stack.callback(postgres.stop)
            database_url = postgres.start()
        if not redis_url:
            valkey = Valkey(folder / "valkey", log=logs / "valkey.log", durable=durable)
            stack.callback(valkey.stop)
            redis_url = valkey.start()
        yield Services(database_url, redis_url)


def _place_for_postgres(folder: Path) -> Path:
    """Return a place that `nobody` can reach when we are root; a temporary home is there already."""
    return outside(folder) if os.geteuid() == 0 and not folder.is_relative_to(WORLD) else folder


@contextlib.contextmanager
def attach_or_start(folder: Path, *, holder: str, public_url: str = "", say: Callable[[str], None] = print) -> Iterator[Services]:
    """Yield the services of this folder: given, running, or started until the end of the block.

    `holder` names the command. `up` never attaches: it waits for a passing command and refuses a second `up`.
    """
    if given("DATABASE_URL") and given("REDIS_URL") and holder != UP:
        yield Services(given("DATABASE_URL"), given("REDIS_URL"))
        return
    made(folder)
    end, told = time.monotonic() + 60, False
    while time.monotonic() < end:
        with locked(folder / LOCK) as ours:
            if ours:
                with _held(folder, holder=holder, public_url=public_url, say=say) as services:
                    yield services
                return
        with locked(folder / USERS, shared=True, wait=True):
            running = state(folder)
            if running and holder != UP and _listens(running):
                yield running
                return
        if running and holder == UP:
            if running.holder == UP:
                raise LocalError(f"The marketplace is already running at {running.public_url} (process {running.pid}). Stop that one first.")
            if not told:
                say(f"Waiting for `{running.holder}` (process {running.pid}), which is using the data …")
                told, end = True, time.monotonic() + 600
        time.sleep(0.1)
    raise LocalError(f"Another process has held {folder / LOCK} for a minute without becoming ready; look at {folder / 'logs'}, end it, try again.")


def state(folder: Path) -> Services | None:
    """Return what the holder of the services wrote down; only true while the lock is held."""
    try:
        return Services(**json.loads((folder / STATE).read_text()))
    except PermissionError as refused:
        raise LocalError(f"{folder / STATE} belongs to another account; run this as the account that started the marketplace.") from refused
    except (OSError, ValueError, TypeError):
        return None


@contextlib.contextmanager
def _held(folder: Path, *, holder: str, public_url: str, say: Callable[[str], None]) -> Iterator[Services]:
    (folder / STATE).unlink(missing_ok=True)  # what a killed holder left
    with private_services(folder) as found:
        ours = Services(found.database_url, found.redis_url, pid=os.getpid(), holder=holder, public_url=public_url)
        write_private(folder / STATE, json.dumps(asdict(ours)))
        try:
            yield ours
        finally:
            (folder / STATE).unlink(missing_ok=True)
            if holder != UP:
                _wait_for_users(folder, say=say)


def _wait_for_users(folder: Path, *, say: Callable[[str], None]) -> None:
    """Let a command that attached to our services finish first."""
    with locked(folder / USERS) as free:
        if free:
            return
    say("Done; waiting for another command that uses the same database …")
    with locked(folder / USERS, wait=True):
        pass


def _listens(services: Services) -> bool:
    for url in (services.database_url, services.redis_url):
        parts = urlsplit(url)
        try:
            socket.create_connection((parts.hostname or "", parts.port or 0), 2).close()
        except OSError:
            return False
    return True
