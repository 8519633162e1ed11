"""The world that benchmarks measure in: services of their own, the real settings, 11,798 imported models, one signed-in caller."""

import os
import random
import secrets
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
DATA = ROOT.parent / "shared" / "data" / "catalog"
SIZE = 11_798


@contextmanager
def world(*, models=True, settings="marketplace.settings", caller=True):
    """Start private services, migrate, import; yield a caller, or nobody and an empty database."""
    from marketplace.local.folders import temporary_home
    from marketplace.local.services import private_services

    with ExitStack() as stack:
        home = stack.enter_context(temporary_home())
        services = stack.enter_context(private_services(home, as_given=False))
        os.environ.update(services.environment())
        os.environ.update(
            DEBUG="0",
            SECRET_KEY=secrets.token_urlsafe(50),
            PUBLIC_URL="http://localhost",
            STORAGE_URL=stack.enter_context(tempfile.TemporaryDirectory()),
            DJANGO_SETTINGS_MODULE=settings,
            LOG_LEVEL="ERROR",
        )
        os.environ.pop("FILES_URL", None)
        _set_up()
        yield Caller(models=models) if caller else None


def _set_up():
    """Load Django and make the tables."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    # No files are collected for a benchmark; the finders name them.
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    call_command("migrate", verbosity=0)


class Caller:
    """A person with a token and a session, who calls the application as a server does, without a socket."""

    def __init__(self, *, models):
        from django.test import Client

        from marketplace.accounts.actions import add_member, add_person, create_team, issue_token

        self.user = add_person("bea", by=None, password=secrets.token_urlsafe(20))
        team = create_team("sales", by=None)
        add_member(team, self.user, role="viewer", by=None)
        _, self.secret = issue_token(self.user, by=self.user, name="benchmark", scopes=["read"], days=1)
        self.what = fill(team) if models else "no models"
        client = Client(SERVER_NAME="localhost")
        client.force_login(self.user, backend="marketplace.accounts.backends.PasswordBackend")
        self.session = client.cookies["session"].value
        from django.core.handlers.wsgi import WSGIHandler

        self.application = WSGIHandler()

    def get(self, path, *, token=False):
        """Send a GET through the whole application; return the body and the CPU milliseconds it took."""
        where, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": where, "QUERY_STRING": query, "SERVER_NAME": "localhost", "SERVER_PORT": "80",
            "HTTP_HOST": "localhost", "wsgi.input": BytesIO(), "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr, "REMOTE_ADDR": "127.0.0.1",
        }  # fmt: skip
        environ |= {"HTTP_AUTHORIZATION": f"Bearer {self.secret}"} if token else {"HTTP_COOKIE": f"session={self.session}"}
        status = []
        begin = time.process_time()
        response = self.application(environ, lambda *said: status.append(said[0]))
        body = b"".join(response)
        took = 1000 * (time.process_time() - begin)
        response.close()
        assert status[0].startswith("200"), (status, body[:500])
        return body, took


def fill(team):
    """Import both real catalogs; where they are not at hand, as many made-up records."""
    from catalog.sources.actions import add_source, run_import
    from catalog.sources.connectors.catalog_jsonl import read

    files = [DATA / "models.jsonl", DATA / "models-more.jsonl"]
    if all(file.is_file() for file in files):
        for file in files:
            run_import(add_source(file.stem, kind="catalog", by=None), read(file), by=None)
        return "the real catalogs"
    run_import(add_source("made-up", kind="catalog", by=None, team=team), made_up(), by=None)
    return "made-up records (the real catalogs are not beside this checkout)"


def made_up():
    """Yield records with the spread of real ones, the same each time."""
    from catalog.sources.connectors.catalog_jsonl import record_of

    dice = random.Random(7)
    words = [f"word{n}" for n in range(3000)] + ["image", "text", "classification", "resnet", "language"] * 40
    for number in range(SIZE):
        text = " ".join(dice.choices(words, k=150))
        yield number + 1, record_of({
            "id": f"made--{number}", "name": f"model-{dice.choice(words)}-{number}", "summary": text[:200], "description_md": text,
            "task": f"task-{min(180, int(dice.paretovariate(0.8)))}", "library": f"library-{min(170, int(dice.paretovariate(0.8)))}",
            "license": dice.choice(["apache-2.0", "mit", "gpl-3.0", "custom", None]), "modality": dice.choice(["text", "image", "audio"]),
            "framework": dice.choice(["pytorch", "onnx", None]), "publisher": f"publisher-{dice.randrange(600)}", "tags": dice.choices(words, k=3),
        })  # fmt: skip
