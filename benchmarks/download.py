"""A download of 1 GiB with permission check and usage event, against gunicorn's plain sendfile of the same file: aim at least 0.9x.

Both are served by the same kind of worker from the same page cache; the runs take turns. The fastest runs are compared, because whatever else
this machine does only ever adds time; the medians are shown beside them.
"""

import os
import secrets
import socket
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from marketplace.local.folders import temporary_home  # noqa: E402 - a script finds the product beside it
from marketplace.local.processes import free_port, spawn, stop, wait_until  # noqa: E402
from marketplace.local.services import private_services  # noqa: E402

SIZE = 1024**3
ROUNDS = 15
AIM = 0.9


class Zeros:
    """A long stream that is never in memory."""

    def __init__(self, length):
        self.left = length

    def read(self, size=-1):
        taken = min(self.left, size if size >= 0 else self.left)
        self.left -= taken
        return bytes(taken)


def request(port, path, headers):
    """Send a GET; return the connection, the head of the answer and what came with it."""
    talk = socket.create_connection(("127.0.0.1", port), 60)
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    talk.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    data = b""
    while b"\r\n\r\n" not in data:
        data += talk.recv(65536)
    head, _, rest = data.partition(b"\r\n\r\n")
    return talk, head.decode(), len(rest)


def seconds_for(port, path, headers=(), files=0):
    """Download everything, over the redirect to the byte-serving pool where there is one, and return how long it took."""
    buffer = bytearray(1024**2)
    begin = time.perf_counter()
    talk, head, got = request(port, path, headers)
    if head.startswith("HTTP/1.1 307"):
        talk.close()
        where = next(line for line in head.splitlines() if line.lower().startswith("location:")).split(f":{files}", 1)[1]
        talk, head, got = request(files, where, ())
    assert head.startswith("HTTP/1.1 200"), head
    while count := talk.recv_into(buffer):
        got += count
    took = time.perf_counter() - begin
    talk.close()
    assert got == SIZE, got
    return took


@contextmanager
def gunicorn(app, log, *, threads, **environment):
    """Run one worker of an app and give its port."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", app, "--no-control-socket", "-k", "gthread", "-w", "1", "--threads", str(threads),
               "-b", f"127.0.0.1:{port}", "--pythonpath", f"{ROOT},{ROOT / 'benchmarks'}"]  # fmt: skip
    process = spawn(command, log=log, folder=ROOT, environment=os.environ | environment)
    try:

        def listens():
            try:
                return bool(request(port, "/healthz", ()))
            except OSError:
                return False

        assert wait_until(listens, process=process, seconds=60), log.read_text()
        yield port
    finally:
        stop(process, patience=2)


def world():
    """A team, a model with a draft that holds the file, and a token; return the path to download and the header to send."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from django.db import transaction

    from catalog.artifacts.actions import add_file
    from catalog.registry.actions import add_version, register_model
    from marketplace.accounts.actions import add_member, add_person, create_team, issue_token

    with transaction.atomic():
        person = add_person("nina", by=None, name="Nina", email="nina@example.com", password=secrets.token_urlsafe(12))
        team = create_team("finance-ml", by=None)
        add_member(team, person, role="owner", by=None)
        version = add_version(register_model(team, "big", by=person, summary="A large file."), "1.0.0", by=person)
        file = add_file(version, "big.bin", Zeros(SIZE), by=person, length=SIZE)
        _, secret = issue_token(person, by=person, name="benchmark", scopes=["read", "download"])
    return "/api/v1/models/finance-ml/big/versions/1.0.0/files/big.bin", [f"Authorization: Bearer {secret}"], file.blob_id


def main():
    """Measure and print the ratios; exit 1 when the aim is missed."""
    with ExitStack() as stack:
        home = stack.enter_context(temporary_home())
        services = stack.enter_context(private_services(home, durable=True))
        store = stack.enter_context(tempfile.TemporaryDirectory(prefix="marketplace-benchmark-"))
        os.environ.update(services.environment())
        os.environ.update(
            DJANGO_SETTINGS_MODULE="marketplace.settings", DEBUG="0", SECRET_KEY=secrets.token_urlsafe(50), STORAGE_URL=store,
            PUBLIC_URL="http://localhost", LOG_LEVEL="WARNING", FILES_URL="",
        )  # fmt: skip
        path, headers, sha256 = world()
        blob = Path(store) / "blobs" / sha256[:2] / sha256[2:4] / sha256
        log = Path(store) / "gunicorn.log"
        plain = stack.enter_context(gunicorn("plain_sendfile:application", log, threads=8, BENCHMARK_FILE=str(blob)))
        direct = stack.enter_context(gunicorn("marketplace.wsgi", log, threads=8, DATABASE_POOL="8"))
        pool = stack.enter_context(gunicorn("marketplace.wsgi", log, threads=250, DATABASE_POOL="16"))
        web = stack.enter_context(gunicorn("marketplace.wsgi", log, threads=8, DATABASE_POOL="8", FILES_URL=f"http://127.0.0.1:{pool}"))
        ways = {"plain sendfile": (plain, "/", ()), "one process": (direct, path, headers), "web and pool": (web, path, headers)}
        times = {way: [] for way in ways}
        for turn in range(ROUNDS + 1):
            for way, (port, where, sent) in ways.items():
                took = seconds_for(port, where, sent, files=pool)
                if turn:  # the first turn warms caches and connections
                    times[way].append(took)
    best = {way: min(taken) for way, taken in times.items()}
    for way, taken in times.items():
        print(f"{way:15} fastest {best[way]:.3f} s, median {statistics.median(taken):.3f} s of {ROUNDS} ({SIZE / best[way] / 1024**2:,.0f} MiB/s)")
    ratio = min(best["plain sendfile"] / best[way] for way in ("one process", "web and pool"))
    print(f"download: {ratio:.2f}x of gunicorn's plain sendfile, with permission check and event (aim: at least {AIM}x)")
    return 0 if ratio >= AIM else 1


if __name__ == "__main__":
    raise SystemExit(main())
