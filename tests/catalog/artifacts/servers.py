"""Real gunicorn processes over the test database and the test store, on the loopback interface."""

import http.client
import os
import socket
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection

from marketplace.local.folders import REPOSITORY
from marketplace.local.processes import free_port, spawn, stop, wait_until


def environment(**more: str) -> dict[str, str]:
    """What a server needs to see what the test sees."""
    db = connection.settings_dict
    url = f"postgres://{quote(db['USER'])}:{quote(db['PASSWORD'])}@{quote(db['HOST'], safe='')}:{db['PORT']}/{db['NAME']}"
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "marketplace.settings", "DATABASE_URL": url, "STORAGE_URL": default_storage.location, "DEBUG": "1",
        "SECRET_KEY": settings.SECRET_KEY, "PUBLIC_URL": "http://localhost", "FILES_URL": "", "LOG_LEVEL": "WARNING",
    } | more  # fmt: skip


class Server:
    """One gunicorn with one worker."""

    def __init__(self, log: Path, *, threads: int, app: str = "marketplace.wsgi", folder: Path = REPOSITORY, **more: str) -> None:
        self.log, self.port = log, free_port()
        self.command = [sys.executable, "-m", "gunicorn", app, "--no-control-socket", "-k", "gthread", "-w", "1", "--threads", str(threads),
                        "-b", f"127.0.0.1:{self.port}", "--graceful-timeout", "1", "--pythonpath", str(folder)]  # fmt: skip
        self.more = more
        self.start()

    def start(self) -> None:
        self.process = spawn(self.command, log=self.log, folder=REPOSITORY, environment=environment(**self.more))
        assert wait_until(self.listens, process=self.process, seconds=60), self.log.read_text()

    def listens(self) -> bool:
        try:
            return self.ask("GET", "/healthz")[0] in {200, 404}
        except (OSError, http.client.HTTPException):
            return False

    def ask(self, method: str, path: str, body=None, headers=None):
        """Return status, headers and body."""
        talk = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            talk.request(method, path, body=body, headers=headers or {})
            answer = talk.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            talk.close()

    def open(self, method: str, path: str, headers: dict[str, str], *, buffer: int = 0) -> socket.socket:
        """Send the head of a request and return the connection."""
        talk = socket.socket()
        if buffer:
            talk.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        talk.settimeout(60)
        talk.connect(("127.0.0.1", self.port))
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers.items())]
        talk.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return talk

    def workers(self) -> list[int]:
        """The pids of the master and its worker."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def memory(self) -> int:
        """The most resident memory that the worker ever had, in bytes."""
        status = Path(f"/proc/{self.workers()[1]}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    def stop(self) -> None:
        stop(self.process, patience=3)


@contextmanager
def served(log: Path, *, web_threads: int = 8, pool_threads: int = 250):
    """A web process and the pool that serves its bytes."""
    pool = Server(log.with_suffix(".files.log"), threads=pool_threads, DATABASE_POOL="16")
    try:
        web = Server(log, threads=web_threads, FILES_URL=f"http://127.0.0.1:{pool.port}")
        try:
            yield web, pool
        finally:
            web.stop()
    finally:
        pool.stop()
