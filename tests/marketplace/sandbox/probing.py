"""A machine with something to lose, and the probe that is sent into the sandbox there; needs no Django."""

import os
import shutil
import socket
import tempfile
from pathlib import Path

from marketplace.sandbox.running import run_here
from marketplace.sandbox.tasks import Limits, Task

HERE = "tests.marketplace.sandbox.attempts"
GIB = 1 << 30
NUMBERS = {"x86_64": {"bpf": 321, "keyctl": 250}, "aarch64": {"bpf": 280, "keyctl": 219}}
SMALL = Limits(cpu_seconds=2, wall_seconds=20, memory_mb=1024, answer_bytes=1_000_000)


def task(function, **more):
    return Task(f"{HERE}.{function}", (HERE,), **more)


class Machine:
    """Live listeners, a project with a secret, a store with a large file and its neighbour, a secret in the environment."""

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="probed-"))
        self.project, self.store = self.folder / "project", self.folder / "store"
        for place in (self.project, self.store):
            place.mkdir()
        (self.project / "settings.py").write_text("SECRET_KEY = 'canary'\n")
        (self.store / "another").write_text("canary")
        self.large, self.small = self.store / "large", self.store / "small"
        self.small.write_bytes(b"small")
        with self.large.open("wb") as stream:
            stream.truncate(3 * GIB)
            stream.seek(-30, os.SEEK_END)
            stream.write(b"the last bytes of a large file")
        self.secret = os.environ.get("SECRET_KEY")
        os.environ["SECRET_KEY"] = "canary"
        self.listeners = [socket.create_server(("127.0.0.1", 0), backlog=50)]
        self.abstract = f"\0{self.folder.name}"
        for address in (str(self.folder / "s"), self.abstract):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(address)
            listener.listen(50)
            self.listeners.append(listener)
        return self

    def __exit__(self, *_):
        for listener in self.listeners:
            listener.close()
        shutil.rmtree(self.folder)
        os.environ.pop("SECRET_KEY")
        if self.secret is not None:
            os.environ["SECRET_KEY"] = self.secret

    @property
    def facts(self):
        return {
            "port": self.listeners[0].getsockname()[1], "unix": str(self.folder / "s"), "abstract": self.abstract, "parent": os.getpid(),
            "project": str(self.project), "store": str(self.store), "numbers": NUMBERS[os.uname().machine],
        }  # fmt: skip

    def walk(self, profile, names):
        """How each attempt went in one sandbox: name -> 'denied: …' or 'ALLOWED: …'."""
        payload = self.facts | {"names": list(names)}
        return run_here(task("walk"), payload, files=[self.large, self.small], limits=SMALL, profile=profile).value

    def untouched(self):
        """Whether the files are what they were."""
        return (self.large.stat().st_size, self.small.read_bytes(), sorted(p.name for p in self.store.iterdir())) == (
            3 * GIB, b"small", ["another", "large", "small"],
        )  # fmt: skip


def seen_elsewhere():
    """Where things written by an escape would lie."""
    places = (Path("/"), Path("/tmp"), Path("/dev/shm"), Path(os.__file__).parent)
    return [path.name for place in places for path in place.iterdir() if "by-the-sandbox" in path.name]
