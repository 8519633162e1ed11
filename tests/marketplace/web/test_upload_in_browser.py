"""The upload client in a real browser, against an upload API that fails on purpose."""

import hashlib
import json
import mimetypes
import os
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import sync_playwright

SITE = "http://marketplace.test"
PART = 64 * 1024
pytestmark = [pytest.mark.full, pytest.mark.browser, pytest.mark.urls("tests.marketplace.web.test_errors")]


class UploadApi:
    """Answers like the upload API; parts are refused while `down`, and each request is counted."""

    def __init__(self):
        self.parts, self.size, self.sent, self.down, self.busy_once, self.digest = {}, 0, [], False, {0}, None

    def session(self):
        return {"id": "u1", "part_size": PART, "received": sorted(self.parts), "size": self.size, "state": "open"}

    def answer(self, request):
        steps = request.url.removeprefix(SITE + "/api/v1/uploads").strip("/").split("/")
        if request.method == "PUT":
            return self.part(int(steps[2]), request.post_data_buffer)
        if steps[-1] == "complete":
            self.digest = hashlib.sha256(b"".join(self.parts[n] for n in sorted(self.parts))).hexdigest()
            same = json.loads(request.post_data)["sha256"] == self.digest
            return (201, {"sha256": self.digest}) if same else (422, {"detail": "The digest differs."})
        self.size = json.loads(request.post_data)["size"]
        return 200 if self.parts else 201, self.session()

    def part(self, n, body):
        if n in self.busy_once:
            self.busy_once.discard(n)
            return 503, {"title": "Busy"}
        if self.down and n > 3:
            return None
        self.sent.append(n)
        self.parts[n] = body
        return 200, {"received": sorted(self.parts)}

    def handle(self, route):
        if not route.request.url.startswith(f"{SITE}/api/"):
            return serve(route)
        answer = self.answer(route.request)
        return route.fulfill(status=answer[0], json=answer[1]) if answer else route.abort("internetdisconnected")


def serve(route):
    path = route.request.url.removeprefix(SITE).split("?")[0]
    found = finders.find(path.removeprefix(settings.STATIC_URL)) if path.startswith(settings.STATIC_URL) else None
    if found:
        return route.fulfill(body=Path(found).read_bytes(), content_type=mimetypes.guess_type(found)[0] or "text/plain")
    response = Client().get(path)
    return route.fulfill(status=response.status_code, body=response.content, headers=dict(response.headers))


@pytest.fixture
def tab():
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page()
        tab.set_default_timeout(15_000)
        yield tab
        browser.close()


@pytest.fixture
def api(tab):
    api = UploadApi()
    tab.context.route("**/*", api.handle)
    return api


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(os.urandom(10 * PART + 77))
    return path


def choose(tab, *paths):
    tab.goto(f"{SITE}/docs/ui")
    tab.set_input_files("#upload-files", [str(path) for path in paths])


def test_a_file_arrives_whole_although_the_server_was_busy(tab, api, weights):
    choose(tab, weights)
    tab.locator("[data-upload-list] .progress.done").wait_for()
    assert api.digest == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert sorted(api.sent) == list(range(11))


def test_after_a_lost_network_and_a_reload_only_the_rest_is_sent(tab, api, weights):
    api.down, api.busy_once = True, set()
    choose(tab, weights)
    tab.get_by_text("the network is gone; it continues by itself").wait_for()
    assert {0, 1} <= set(api.sent) <= {0, 1, 2, 3}
    tab.on("dialog", lambda dialog: dialog.accept())
    tab.reload()
    tab.get_by_text("1 file is not finished: model.safetensors").wait_for()
    api.down = False
    tab.set_input_files("#upload-files", str(weights))
    tab.locator("[data-upload-list] .progress.done").wait_for()
    assert sorted(api.sent) == list(range(11))
    assert api.digest == hashlib.sha256(weights.read_bytes()).hexdigest()


def test_a_different_file_of_the_same_size_is_not_passed_off_as_the_first(tab, api, weights):
    api.busy_once, api.parts = set(), {0: b"\0" * PART}
    choose(tab, weights)
    tab.get_by_text("Failed: The digest differs.", exact=True).wait_for()
    assert tab.get_by_role("button", name="Try again: model.safetensors").is_visible()


def test_an_empty_file_is_left_out_with_the_reason(tab, api, tmp_path):
    (tmp_path / "vocab.txt").touch()
    choose(tab, tmp_path / "vocab.txt")
    tab.get_by_text("Left out: it is empty.").wait_for()
    assert not api.sent


def test_a_paused_file_continues_when_it_is_resumed(tab, api, weights):
    api.down = True
    choose(tab, weights)
    tab.get_by_text("the network is gone").wait_for()
    tab.get_by_role("button", name="Pause: model.safetensors").click()
    tab.get_by_text("Paused at").wait_for()
    api.down = False
    tab.get_by_role("button", name="Resume: model.safetensors").click()
    tab.locator("[data-upload-list] .progress.done").wait_for()
    assert sorted(api.sent) == list(range(11))
