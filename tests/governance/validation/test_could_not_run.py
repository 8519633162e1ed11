"""A scanner that is stopped, hangs, talks garbage or answers about another file: the pages say "could not run", and nothing is green."""

import json
import re
import socketserver
import tempfile
import threading
import time
from pathlib import Path

import pytest

from catalog.artifacts import sandbox as reading
from catalog.artifacts.readers.types import READERS_VERSION
from governance.validation import work
from governance.validation.actions import submit
from governance.validation.plugins import clamav
from governance.validation.plugins.clamav import ClamAV
from marketplace import sandbox
from marketplace.sandbox import client as scanner_client
from tests.factories import safetensors
from tests.governance.validation.build import ready
from tests.governance.validation.plugins.fake_clamd import Clamd

pytestmark = pytest.mark.full

GREEN = re.compile(r'class="badge success"|class="note success"|icon ok"')
HOW = ["stopped", "hangs", "garbage", "another"]


class Question(socketserver.StreamRequestHandler):
    """Answers as a scanner does, or not."""

    def handle(self):
        order = json.loads(self.rfile.readline())
        if order["ask"] == "hello":
            told = {"profile": "bubblewrap", "why": "", "unseen": []}
        elif self.server.how == "hangs":
            time.sleep(3)
            return
        elif self.server.how == "garbage":
            self.wfile.write(b"\x00\xff{]\n")
            return
        else:
            told = {"answer": {"version": READERS_VERSION, "files": [self.about_another(entry) for entry in order["payload"]["files"]]}}
            told["profile"] = "bubblewrap"
        self.wfile.write(json.dumps(told).encode() + b"\n")

    def about_another(self, entry):
        fine = {"format": "safetensors", "verdict": "allow", "findings": [], "facts": {}, "profile": ""}
        return {"name": entry["name"], "size": len(safetensors(1)), "sha256": "0" * 64, "problem": "", "reading": fine}


@pytest.fixture
def scanner(settings, monkeypatch):
    """A scanner apart that can be told how to fail."""
    with tempfile.TemporaryDirectory() as folder:
        server = socketserver.ThreadingUnixStreamServer(str(Path(folder, "socket")), Question)
        server.daemon_threads, server.how = True, "garbage"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        settings.SANDBOX_PROFILE, settings.SCANNER_URL = "service", f"unix:{folder}/socket"
        monkeypatch.setattr(scanner_client, "PATIENCE", 0.0)
        monkeypatch.setattr(reading, "SECONDS", 0.4)
        monkeypatch.setattr(reading, "SECONDS_PER_FILE", 0.1)
        sandbox.forget()
        yield server
        server.shutdown()
        server.server_close()
        sandbox.forget()


@pytest.fixture
def clamd(settings, monkeypatch):
    monkeypatch.setattr(clamav, "SECONDS", 0.7)
    monkeypatch.setattr(ClamAV, "_engines", {})
    server = Clamd()
    settings.CLAMD_URL = server.url
    yield server
    server.stop()


# The stages whose answer comes from what is in the files.
READ = {"Security", "Function", "Summary"}


def assert_nothing_is_green(cast, signed_in, *, names):
    version = ready(cast, files={"model.safetensors": safetensors(1)})
    run = submit(version, by=cast.nina)
    work.run_checks(run.pk)
    run.refresh_from_db()
    version.refresh_from_db()
    assert (run.outcome, version.state) == ("error", "validation_failed")
    reader = signed_in(cast.nina)
    page = reader.get(f"/checks/{run.pk}").content.decode()
    whole = page.partition("<main")[2]
    assert "Could not run" in whole
    for name in names:
        assert name in whole
    for stage in re.findall(r"<strong>(\w+)</strong>(.*?)</li>", whole, re.DOTALL):
        assert stage[0] not in READ or not GREEN.search(stage[1]), f"the stage {stage[0]} is green"
    assert "note success" not in whole
    for address in (f"/m/{version.model}/v/{version.version}", f"/m/{version.model}", "/", "/models?q=model"):
        shown = reader.get(address).content.decode().partition("<main")[2]
        assert not re.search(r'class="badge success"[^>]*>[^<]*(<svg.*?</svg>)?[^<]*checks passed', shown, re.DOTALL), address
        assert "Every check that applies has passed" not in shown
    body = reader.get(f"/api/v1/models/{version.model}/versions/{version.version}/checks").json()
    assert body["latest"]["outcome"] == "error"
    return {check["check"]: check["verdict"] for check in body["latest"]["checks"]}


@pytest.mark.parametrize("how", HOW)
def test_a_broken_scanner_is_shown_as_could_not_run(cast, signed_in, scanner, how):
    scanner.how = how
    if how == "stopped":
        sandbox.choice()
        scanner.shutdown()
        scanner.server_close()
    said = assert_nothing_is_green(cast, signed_in, names=["File types and structure", "could not be read"])
    assert {check for check, verdict in said.items() if verdict == "error"} >= {"formats", "code", "pickles"}


@pytest.mark.parametrize("how", HOW)
def test_a_broken_clamd_is_shown_as_could_not_run(cast, signed_in, clamd, how):
    clamd.how = how
    if how == "stopped":
        clamd.stop()
    said = assert_nothing_is_green(cast, signed_in, names=["No known malware (ClamAV)", "could not look at"])
    assert [check for check, verdict in said.items() if verdict == "error"] == ["antivirus"]
