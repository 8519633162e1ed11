"""What exists for a confined process: Python, the sources of its task, the given files, all of it to be read only."""

import errno
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from marketplace.bounded import BoundedError
from marketplace.sandbox.tasks import Task

ROOT = Path(__file__).resolve().parents[2]
INSIDE = "marketplace.sandbox.inside"
LIBRARIES = ("/etc/ld.so.cache", "/lib", "/lib64", "/usr/lib", "/usr/lib64")
SHARED_PREFIXES = {Path("/usr"), Path("/usr/local")}
TOO_WIDE = {Path(place) for place in ("/", "/home", "/opt", "/srv", "/var", "/root", "/etc", "/tmp")}  # noqa: S108 - never written to
PROGRAMS = "/usr/local/bin:/usr/bin:/bin"


class Unfit(BoundedError):
    """This machine cannot give a task a world of its own; the sentence says why."""


@dataclass(frozen=True)
class World:
    """Where everything lies for the confined process; `binds` pairs places out here with places in there."""

    binds: tuple[tuple[str, str], ...]
    sources: dict[str, str]
    packages: list[str]
    files: list[str]

    @property
    def start(self) -> list[str]:
        """The command that the confined process begins with, as seen from inside."""
        return [_python(), "-I", "-S", "-B", "-X", "utf8", f"{self.sources[INSIDE]}/start.py"]


def world(task: Task, files: Sequence[str | os.PathLike[str]], *, moved: bool) -> World:
    """Lay out the world; `moved` gives everything but Python a neutral place, for a profile that has a file system of its own."""
    given = [_regular(path) for path in files]
    sources = {name: str(_source(name)) for name in (INSIDE, *task.sources)}
    packages = _packages() if task.packages else []
    if not moved:
        places = [*_runtime(), *sources.values(), *packages, *given]
        return World(tuple((place, place) for place in places), sources, packages, given)
    names = {name: f"/src/{'/'.join(name.split('.'))}{Path(place).suffix}" for name, place in sources.items()}
    shelves = [f"/packages/{number}" for number in range(len(packages))]
    inputs = [f"/in/{number}" for number in range(len(given))]
    outside = [*_runtime(), *sources.values(), *packages, *given]
    inside = [*_runtime(), *names.values(), *shelves, *inputs]
    return World(tuple(zip(outside, inside, strict=True)), names, shelves, inputs)


def bubblewrap(binds: Iterable[tuple[str, str]]) -> list[str]:
    """Return the command that gives what follows it namespaces of its own: no /proc, no /dev, nothing but `binds`, and no place to write."""
    program = bwrap()
    if program is None:
        raise Unfit("bubblewrap is not installed")
    command = [program, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--uid", "65534", "--gid", "65534", "--hostname", "sandbox", *_against_nesting(program)]
    for outside, inside in binds:
        merged = outside in {"/lib", "/lib64"} and Path(outside).is_symlink()
        command += ["--symlink", str(Path(outside).readlink()), inside] if merged else ["--ro-bind", outside, inside]
    # bwrap's own root would be a writable place of half the memory.
    return [*command, "--remount-ro", "/", "--chdir", "/", "--"]


def bwrap() -> str | None:
    """Return the path of the bubblewrap program; None when it is not installed."""
    return shutil.which("bwrap", path=PROGRAMS)


@cache
def _against_nesting(program: str) -> list[str]:
    """Return the switch against further user namespaces where this version has it; the filter of system calls refuses them anyhow."""
    told = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - found in PROGRAMS
    return ["--disable-userns"] if "--disable-userns" in told.stdout else []


def _regular(path: str | os.PathLike[str]) -> str:
    """Return the real place of a file to read; anything but a regular file is refused, for opening it could wait for ever."""
    real = Path(path).resolve(strict=True)
    if not stat.S_ISREG(real.stat().st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    return str(real)


def _source(name: str) -> Path:
    place = ROOT.joinpath(*name.split("."))
    if (place / "__init__.py").is_file():
        return place
    if place.with_suffix(".py").is_file():
        return place.with_suffix(".py")
    raise ValueError(f"{name} is no module of this program.")


@cache
def _python() -> str:
    """Return the interpreter itself; that of a virtual environment is only a link to it."""
    return os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)


def _packages() -> list[str]:
    """Return the folders of installed packages; their .pth files are not run inside."""
    found = dict.fromkeys(Path(path).resolve() for path in sys.path if Path(path).name in {"site-packages", "dist-packages"})
    return [str(path) for path in found if path.is_dir()]


@cache
def _runtime() -> tuple[str, ...]:
    """Return what this Python needs to run: itself, its prefix, the system's libraries."""
    places = {Path(_python()), *map(Path, LIBRARIES)}
    for prefix in {Path(sys.base_prefix).resolve(), Path(sys.base_exec_prefix).resolve()}:
        # Path.home() fails for an account that has no name.
        if prefix in TOO_WIDE or str(prefix) == os.path.expanduser("~"):  # noqa: PTH111
            raise Unfit(f"Python is installed in {prefix}, and reading Python would mean reading all of it")
        places |= {prefix / "lib", prefix / "lib64"} if prefix in SHARED_PREFIXES else {prefix}
    there = {place for place in places if place.exists()}
    return tuple(sorted(str(place) for place in there if there.isdisjoint(place.parents)))
