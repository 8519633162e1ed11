"""A broker and a worker as real processes, which tests stop and kill."""

import signal
import sys
import time
from pathlib import Path

from kombu import Connection

from marketplace.local import processes, valkey
from marketplace.local.folders import REPOSITORY
from tests.catalog.artifacts.servers import environment

WORKER = (
    sys.executable,
    "-m",
    "celery",
    "-A",
    "marketplace",
    "worker",
    "-l",
    "INFO",
    "-c",
    "1",
    "-Q",
    "default,checks",
    "--without-gossip",
    "--without-mingle",
)


def eventually(question, seconds=40.0):
    """Ask until the answer is yes."""
    end = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < end:
        time.sleep(0.05)
    return answer


class Broker:
    """A Valkey that can be stopped and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.password = folder, processes.free_port(), "only-for-this-test"
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        text = valkey.CONFIGURATION.format(port=self.port, password=self.password, folder=self.folder, appendonly="no")
        self.process = processes.spawn([valkey._binary(), "-"], log=self.folder / "valkey.log", folder=self.folder, text=text)
        assert processes.wait_until(lambda: valkey._answers(self.port, self.password), process=self.process, seconds=30)

    def stop(self) -> None:
        processes.stop(self.process, first=signal.SIGKILL)

    def ring(self, task, *ids) -> None:
        """Put a job on the queue, as the web process or beat does."""
        with Connection(self.url) as line:
            task.apply_async(args=tuple(str(i) for i in ids), connection=line, retry=False)


class Worker:
    """A real Celery worker on the test database."""

    def __init__(self, log: Path, broker: Broker) -> None:
        self.log, self.broker = log, broker
        self.start()

    def start(self) -> None:
        self.process = processes.spawn(WORKER, log=self.log, folder=REPOSITORY, environment=environment(REDIS_URL=self.broker.url, LOG_LEVEL="INFO"))

    def children(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]

    def stop(self) -> None:
        processes.stop(self.process, patience=3)
