"""Where local data lies, and the locks that say who is using it."""

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from marketplace.local.processes import LocalError

REPOSITORY = Path(__file__).resolve().parent.parent.parent
WORLD = Path("/var/tmp")  # noqa: S108 - names are unpredictable or checked for their owner


def home() -> Path:
    """Return the folder of everything local: `MARKETPLACE_VAR`, or `var` beside the code."""
    return Path(os.environ.get("MARKETPLACE_VAR") or REPOSITORY / "var").absolute()


def made(folder: Path) -> Path:
    """Make a folder that only its owner reads; say what to do when that is refused."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as refused:
        raise LocalError(f"Cannot make {folder}: {refused.strerror}. Set MARKETPLACE_VAR to a folder you may write to.") from refused
    return folder


def kept_secret(path: Path, length: int = 50) -> str:
    """Return the secret kept in a file, making it on first use, readable by its owner only."""
    with contextlib.suppress(FileNotFoundError):
        if value := path.read_text().strip():
            return value
    value = secrets.token_urlsafe(length)
    write_private(path, value)
    return value


def write_private(path: Path, text: str) -> None:
    """Write a file in one step, readable by its owner only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def outside(folder: Path) -> Path:
    """Return the place in /var/tmp where the account `nobody` keeps the data of `folder`.

    The name holds a random number kept in `folder`: deleting `folder` means a fresh start, copying it shares nothing.
    """
    seed = f"{folder.resolve()} {kept_secret(made(folder) / 'instance', 16)}"
    place = WORLD / f"marketplace-{hashlib.sha256(seed.encode()).hexdigest()[:16]}"
    with contextlib.suppress(FileExistsError):
        place.mkdir(mode=0o711)
    facts = place.lstat()
    if place.is_symlink() or facts.st_uid != os.geteuid():
        raise LocalError(f"{place} belongs to somebody else; remove it, or delete {folder / 'instance'} to start afresh.")
    place.chmod(0o711)
    return place


@contextlib.contextmanager
def locked(path: Path, *, shared: bool = False, wait: bool = False) -> Iterator[bool]:
    """Hold a lock that ends with the process, and yield whether it was had."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as refused:
        raise LocalError(f"{path} belongs to another account; use that account, or set MARKETPLACE_VAR to another folder.") from refused
    try:
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


@contextlib.contextmanager
def temporary_home() -> Iterator[Path]:
    """Yield a private home that is removed at the end; first remove those that killed processes left."""
    for old in WORLD.glob("marketplace-test-*"):
        with contextlib.suppress(OSError):
            if old.lstat().st_uid == os.geteuid() and not old.is_symlink():
                _remove_abandoned(old)
    place = WORLD / f"marketplace-test-{secrets.token_hex(8)}"
    place.mkdir(mode=0o711)
    with locked(place / "in-use"):
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _remove_abandoned(old: Path) -> None:
    with locked(old / "in-use") as abandoned:
        if abandoned:
            shutil.rmtree(old, ignore_errors=True)
