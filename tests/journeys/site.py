"""A running product of its own: database, broker, files, web, byte pool, worker and beat, all on the loopback interface."""

import contextlib
import http.client
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from kombu import Connection
from psycopg import sql

from marketplace.jobs import Job
from marketplace.local import processes
from marketplace.local.folders import REPOSITORY, locked, made
from marketplace.local.supervisor import Program, answers, programs
from marketplace.local.valkey import Valkey
from tests import ci

SMALL_PARTS = str(512 * 1024)  # so that a small upload has many parts
SEED = "journeys_seed"


@dataclass
class Site:
    """One product that answers at `url`."""

    folder: Path
    url: str
    environment: dict[str, str]
    broker: Valkey
    wanted: dict[str, Program]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return int(urlsplit(self.url).port or 0)

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def start(self, name: str) -> subprocess.Popen[bytes]:
        program = self.wanted[name]
        environment = self.environment | program.environment
        self.running[name] = processes.spawn(program.command, log=self.log(name), folder=REPOSITORY, environment=environment)
        return self.running[name]

    def start_all(self) -> None:
        for name in self.wanted:
            self.start(name)
        self.wait_for_web()

    def wait_for_web(self) -> None:
        up = processes.wait_until(lambda: answers(self.port, public_url=self.url), process=self.running["web"], seconds=60)
        assert up, processes.tail(self.log("web"), 40)

    def stop(self, name: str) -> None:
        processes.stop(self.running.pop(name), patience=4)

    def stop_all(self) -> None:
        for process in self.running.values():
            processes.ask_to_end(process)
        for name in list(self.running):
            processes.stop(self.running.pop(name), patience=4, asked=True)

    def ask(self, method: str, path: str, body: object = None, token: str = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """One request as a program sends it; redirects are not followed."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None and not isinstance(body, bytes):
            headers["Content-Type"] = "application/json"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        at = urlsplit(path if path.startswith("http") else self.url + path)
        talk = http.client.HTTPConnection("127.0.0.1", at.port, timeout=60)
        try:
            talk.request(method, f"{at.path}?{at.query}" if at.query else at.path, body=data, headers={"Host": at.netloc} | headers)
            answer = talk.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            talk.close()

    def rows(self, question: str, *values: object) -> list[tuple[object, ...]]:
        """What the database says."""
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            return connection.execute(question, values).fetchall()

    def ring(self, job: Job) -> None:
        """Hand a job to this site's worker, as beat does when its time has come."""
        with Connection(self.environment["REDIS_URL"]) as line:
            job.apply_async(connection=line, retry=False)

    def manage(self, *arguments: str) -> str:
        """Run a management command on this site and return what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=REPOSITORY, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout


@contextlib.contextmanager
def running(name: str, *, demo: bool = True, beat: bool = True) -> Iterator[Site]:
    """Have a whole product for the length of the block; `name` makes its database and its folder its own."""
    home = made(Path(os.environ["MARKETPLACE_VAR"]) / "sites")
    folder = made(home / name)
    with contextlib.ExitStack() as stack:
        broker = Valkey(folder / "valkey", log=folder / "logs" / "valkey.log", durable=False)
        stack.callback(broker.stop)
        site = described(folder, name, broker)
        if not beat:
            site.wanted.pop("beat")
        prepare(site, name, home, demo=demo)
        stack.callback(drop, name)
        stack.callback(site.stop_all)
        site.start_all()
        yield site


def described(folder: Path, name: str, broker: Valkey) -> Site:
    """A site that is not started yet: the programs of `manage.py up`, in an environment of its own."""
    port = processes.free_port()
    url = f"http://localhost:{port}"
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV_"))}
    environment = kept | {
        "DJANGO_SETTINGS_MODULE": "tests.journeys.settings", "DEBUG": "0", "PUBLIC_URL": url, "FILES_URL": "", "LOG_LEVEL": "INFO",
        "SECRET_KEY": secrets.token_urlsafe(50), "DATABASE_URL": database_url(name), "REDIS_URL": broker.start(),
        "STORAGE_URL": str(folder / "files"), "MARKETPLACE_VAR": str(folder), "EMAIL_URL": "consolemail://",
        "UPLOAD_PART_BYTES": SMALL_PARTS, "PYTHONPATH": str(REPOSITORY), "GUNICORN_CMD_ARGS": "--access-logfile -", "CI_PORT": str(ci.PORT),
    }  # fmt: skip
    return Site(folder, url, environment, broker, {program.name: program for program in programs(folder, port=port)})


def prepare(site: Site, name: str, home: Path, *, demo: bool) -> None:
    """Give the site its tables and people; the demo world is made once a session and copied."""
    if not demo:
        create(name)
        site.manage("migrate", "-v0")
        return
    seed = home / SEED
    with locked(home / "seeding", wait=True):
        if not (seed / "done").exists():
            seeded(site, seed)
    create(name, template=SEED)
    shutil.rmtree(site.folder / "files", ignore_errors=True)
    shutil.copytree(seed / "files", site.folder / "files", copy_function=os.link)
    accounts = json.loads((seed / "demo_accounts.json").read_text())
    site.passwords = {account["username"]: account["password"] for account in accounts}


def seeded(site: Site, seed: Path) -> None:
    """Make the demo world in a database that is only ever copied."""
    create(SEED)
    changed = {"DATABASE_URL": database_url(SEED), "STORAGE_URL": str(made(made(seed) / "files")), "MARKETPLACE_VAR": str(seed)}
    maker = Site(seed, site.url, site.environment | changed, site.broker, {})
    began = time.monotonic()
    maker.manage("migrate", "-v0")
    maker.manage("demo", "--yes", "--size", "120")
    (seed / "done").write_text(f"{time.monotonic() - began:.1f} s")


def database_url(name: str) -> str:
    parts = urlsplit(os.environ["DATABASE_URL"])
    return parts._replace(path=f"/{quote(name)}").geturl()


def create(name: str, template: str = "template1") -> None:
    """Make a database afresh."""
    drop(name)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))


def drop(name: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
