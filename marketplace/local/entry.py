"""What manage.py does before Django reads the settings: services found or started, values for trying out filled in."""

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from marketplace.local import postgres
from marketplace.local.folders import home, kept_secret, made
from marketplace.local.processes import LocalError, free_port
from marketplace.local.services import UP, attach_or_start, given

WITHOUT_DATABASE = {"scan", "relations", "help", "version", "check", "collectstatic", "findstatic", "diffsettings", "spectacular"}
WITHOUT_SECRETS = {"scan", "relations"}
QUESTIONS = {"--help", "-h", "--version"}
USUAL_PORT = 8000
BEGAN = time.monotonic()  # read early by every command, so that `up` can say how long a start took


@contextlib.contextmanager
def prepared(arguments: Sequence[str]) -> Iterator[None]:
    """Give the command what it needs in the environment, until it ends."""
    command = arguments[0] if arguments else "help"
    asks_only = command in WITHOUT_DATABASE or not QUESTIONS.isdisjoint(arguments)
    if asks_only or (given("DATABASE_URL") and command != UP):
        if command in WITHOUT_SECRETS:
            os.environ["DEBUG"] = "1"  # it serves nobody and knows nothing: settings load with or without the secrets of an installation
        elif not given("DATABASE_URL") and postgres.installed():
            os.environ.setdefault("DEBUG", "1")  # it serves nobody, and settings without a database load in debug only
        yield
        return
    folder, public_url = made(home()), given("PUBLIC_URL")
    if command == UP:
        _stop_on_signals()
        os.environ["PORT"] = str(chosen_port())
        public_url = public_url or f"http://localhost:{os.environ['PORT']}"
    with attach_or_start(folder, holder=command, public_url=public_url, say=_say) as services:
        os.environ.update(services.environment())
        _fill_in(folder, public_url or services.public_url)
        yield


def chosen_port() -> int:
    """Return the port of `PORT`, or 8000, or a free one when 8000 is taken."""
    wish = os.environ.get("PORT", "")
    if not wish:
        return USUAL_PORT if _is_free(USUAL_PORT) else free_port()
    if not wish.isdigit() or not 0 < int(wish) < 65536:
        raise LocalError(f"PORT is {wish!r}; set it to a number from 1 to 65535.")
    if not _is_free(int(wish)):
        raise LocalError(f"Port {wish} cannot be used: it is taken, or you may not open it. Set PORT to another number, or leave it out.")
    return int(wish)


def _is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("::1", port), 0.5):
        return False  # browsers try IPv6 first for `localhost` and would meet somebody else
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _fill_in(folder: Path, public_url: str) -> None:
    """Fill in what nobody has set: this is a machine for trying out."""
    os.environ.setdefault("LOCAL", "1")
    os.environ.setdefault("MARKETPLACE_VAR", str(folder))
    if not given("SECRET_KEY"):
        os.environ["SECRET_KEY"] = kept_secret(folder / "secret_key")
    if public_url and not given("PUBLIC_URL"):
        os.environ["PUBLIC_URL"] = public_url


def _stop_on_signals() -> None:
    """Turn the first signal into an orderly stop; later ones must not interrupt it."""
    requests = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(number: int, frame: FrameType | None) -> None:
        for request in requests:
            signal.signal(request, signal.SIG_IGN)
        _say("Stopping …")
        raise KeyboardInterrupt

    for request in requests:
        signal.signal(request, stop)


def _say(sentence: str) -> None:
    """Speak beside the output of the command, which may be read by a program."""
    print(sentence, file=sys.stderr, flush=True)
