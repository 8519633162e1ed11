"""Is everything in place? Each answer says what was found, and what to do when something is missing."""

import importlib.metadata
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import redis
from celery import current_app
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import OperationalError
from packaging.requirements import Requirement

from marketplace import bounded
from marketplace import sandbox as box
from marketplace.local.folders import REPOSITORY

OLDEST_POSTGRES = 15
LEAST_FREE = 2 * 1024**3
KEY_LENGTH = 40


@dataclass(frozen=True)
class Answer:
    """One line of the doctor's report; `todo` is empty when all is well."""

    name: str
    found: str
    todo: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing needs to be done."""
        return not self.todo


def examine() -> Iterator[Answer]:
    """Ask every question in turn; one that breaks is an answer too, never a pass."""
    for question in (*QUESTIONS, *ABOVE):
        try:
            yield question()
        except (DatabaseError, redis.RedisError, OperationalError, bounded.BoundedError, OSError, ValueError) as fault:
            name = question.__name__.replace("_", " ")
            yield Answer(name, f"{type(fault).__name__}: {str(fault).strip().splitlines()[0] if str(fault) else ''}", REMEDIES[question])


def python() -> Answer:
    """Which Python runs this."""
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Answer("python", found, "" if sys.version_info >= (3, 11) else "Install Python 3.11 or newer and run `make setup`.")


def packages() -> Answer:
    """Whether the installed packages are the locked ones."""
    wrong, count = [], 0
    for line in (REPOSITORY / "requirements" / "prod.txt").read_text().splitlines():
        if "==" not in line or line.startswith((" ", "#")):
            continue
        wanted = Requirement(line.rstrip(" \\"))
        if wanted.marker and not wanted.marker.evaluate():
            continue
        count += 1
        if fault := _difference(wanted):
            wrong.append(fault)
    found = f"{count} as locked" if not wrong else "; ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")
    return Answer("packages", found, "Run `make setup`." if wrong else "")


def _difference(wanted: Requirement) -> str:
    try:
        found = importlib.metadata.version(wanted.name)
    except importlib.metadata.PackageNotFoundError:
        return f"{wanted.name} is not installed"
    return "" if wanted.specifier.contains(found, prereleases=True) else f"{wanted.name} is {found}, locked is {wanted.specifier}"


def database() -> Answer:
    """Whether PostgreSQL answers and is new enough."""
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        found = str(cursor.fetchone()[0])
    old = int(found.split(".", maxsplit=1)[0]) < OLDEST_POSTGRES
    return Answer("database", f"PostgreSQL {found}", f"Move to PostgreSQL {OLDEST_POSTGRES} or newer." if old else "")


def migrations() -> Answer:
    """Whether the tables are those of this code."""
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return Answer("migrations", f"{len(waiting)} not applied" if waiting else "all applied", "Run `manage.py migrate`." if waiting else "")


def broker() -> Answer:
    """Whether the broker answers, and keeps what it is given."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3) as client:
        facts = client.info()
    version = facts.get("valkey_version") or facts.get("redis_version", "unknown version")
    policy = facts.get("maxmemory_policy", "unknown")
    found = f"{facts.get('server_name') or 'redis'} {version}, maxmemory-policy {policy}"
    return Answer("broker", found, "" if policy == "noeviction" else "Set `maxmemory-policy noeviction`, or queued work can vanish.")


def storage() -> Answer:
    """Whether files can be written, read and removed."""
    name = default_storage.save("doctor/probe", ContentFile(b"written by manage.py doctor"))
    try:
        with default_storage.open(name) as file:
            same = file.read() == b"written by manage.py doctor"
    finally:
        default_storage.delete(name)
    return Answer("storage", f"{settings.STORAGE_URL} is writable" if same else "reads back other bytes", "" if same else REMEDIES[storage])


def free_space() -> Answer:
    """Whether the disks used here have room."""
    places = {"temporary files": Path(tempfile.gettempdir())}
    if "://" not in settings.STORAGE_URL.removeprefix("file://"):
        places["files"] = _existing(Path(settings.STORAGE_URL.removeprefix("file://")))
    free = {name: shutil.disk_usage(place).free for name, place in places.items()}
    found = ", ".join(f"{name} {size / 1024**3:.1f} GiB" for name, size in free.items())
    return Answer("free space", found, f"Free at least {LEAST_FREE // 1024**3} GiB." if min(free.values()) < LEAST_FREE else "")


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def worker() -> Answer:
    """Whether a worker answers through the broker within a second."""
    found = current_app.control.ping(timeout=1) or []
    names = ", ".join(name for reply in found for name in reply)
    return Answer("worker", names or "nobody answers", "" if found else REMEDIES[worker])


def secret_key() -> Answer:
    """Whether the key that signs sessions is long and random."""
    weak = len(settings.SECRET_KEY) < KEY_LENGTH or len(set(settings.SECRET_KEY)) < 10
    return Answer("secret key", "weak" if weak else f"{len(settings.SECRET_KEY)} characters", REMEDIES[secret_key] if weak else "")


def public_url() -> Answer:
    """Whether the address people open is safe to use."""
    parts = urlsplit(settings.PUBLIC_URL)
    safe = parts.scheme == "https" or parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return Answer("public url", settings.PUBLIC_URL, "" if safe else REMEDIES[public_url])


def static_files() -> Answer:
    """Whether styles and scripts are collected, where pages ask for the collected ones."""
    collected = getattr(staticfiles_storage, "hashed_files", None)
    if collected is None:
        return Answer("static files", "served from the code")
    return Answer("static files", f"{len(collected)} collected", "" if collected else REMEDIES[static_files])


def sandbox() -> Answer:
    """Whether what reads model files is cut off from everything else, in which way, and why not in a better one."""
    found = box.choice()
    why = f" ({found.sentence()})" if found.weak else ""
    if found.safe:
        return Answer("sandbox", f"{found.profile}{f' with {found.inner}' if found.inner else ''}{why}")
    words = "none: files are read unsandboxed, as ALLOW_UNSANDBOXED_SCAN says" if found.profile == box.UNSANDBOXED else "none, so no file is read"
    return Answer("sandbox", f"{words}{why}", REMEDIES[sandbox])


ABOVE: list[Callable[[], Answer]] = []  # what the rooms above ask; filled in `ready()`
QUESTIONS: tuple[Callable[[], Answer], ...] = (
    *(python, packages, secret_key, public_url, database, migrations),
    *(broker, worker, storage, free_space, static_files, sandbox),
)
REMEDIES: dict[Callable[[], Answer], str] = {
    python: "Install Python 3.11 or newer and run `make setup`.",
    packages: "Run `make setup`.",
    secret_key: "Set SECRET_KEY to at least 40 random characters.",
    public_url: "Set PUBLIC_URL to an https:// address.",
    database: "Set DATABASE_URL to a PostgreSQL that answers, or leave it out to use the embedded one.",
    migrations: "Run `manage.py migrate`.",
    broker: "Set REDIS_URL to a Redis or Valkey that answers, or leave it out to use the embedded one.",
    worker: "Start one: `make run`, or `celery -A marketplace worker -Q default,checks`.",
    storage: "Set STORAGE_URL to a folder or bucket that this account may write to.",
    free_space: "Make the folder of STORAGE_URL readable.",
    static_files: "Run `manage.py collectstatic --noinput`, then start web and files again.",
    sandbox: box.REMEDY,
}


def also(question: Callable[[], Answer], remedy: str) -> None:
    """Ask one more question, of a room above this one."""
    ABOVE.append(question)
    REMEDIES[question] = remedy
