"""J8: an upload goes on where it stopped when the network was lost and the page was closed."""

import hashlib
import re

import pytest

from tests.journeys.eyes import allow, look, says
from tests.journeys.marks import JOURNEY
from tests.journeys.site import SMALL_PARTS

pytestmark = JOURNEY
MB = 1000**2


class Sent:
    """Bytes of parts that left the browser; a part that was broken off counts as whole."""

    def __init__(self, page):
        self.total, self.parts = 0, 0
        page.on("requestfinished", self.count)
        page.on("requestfailed", self.count)

    def count(self, request):
        if request.method == "PUT" and "/parts/" in request.url and not (request.failure or "").endswith("ERR_INTERNET_DISCONNECTED"):
            self.parts += 1
            self.total += int(SMALL_PARTS)


def network(line, *, offline=False, upload=-1):
    """What the network of the browser is like, by the protocol of its developer tools."""
    line.send("Network.emulateNetworkConditions", {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload})


def percent(page):
    found = re.search(r"\((\d+) %\)", page.locator("[data-upload-overall]").inner_text())
    return int(found[1]) if found else 0


def written(path, size):
    """A file of this size that no compression shortens; return its sha256."""
    digest, left, block = hashlib.sha256(), size, hashlib.shake_256(str(size).encode()).digest(MB)
    with path.open("wb") as file:
        while left:
            piece = block[: min(left, MB)]
            file.write(piece)
            digest.update(piece)
            left -= len(piece)
            block = block[1:] + block[:1]
    return digest.hexdigest()


@pytest.mark.parametrize("size", [24 * MB, pytest.param(200 * MB, marks=pytest.mark.full)])
def test_an_upload_continues_after_the_network_was_lost(site, door, tab, tmp_path, size):
    name = f"resumed-{size // MB}"
    page, address = tab("nina"), door.draft("nina", "finance-ml", name)
    file = tmp_path / "model.bin"
    digest = written(file, size)
    allow(page, "ERR_INTERNET_DISCONNECTED|ERR_NETWORK")
    page.on("dialog", lambda dialog: dialog.accept())
    sent = Sent(page)
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    network(line, upload=size // 4)

    page.goto(f"{address}/publish/files")
    page.locator("#upload-files").set_input_files(file)
    page.wait_for_function("() => /\\((4\\d|[5-9]\\d) %\\)/.test(document.querySelector('[data-upload-overall]').textContent)", timeout=60_000)
    network(line, offline=True)
    page.get_by_text("the network is gone").first.wait_for()
    reached = percent(page)
    assert 35 <= reached < 90
    look(page)

    network(line)
    page.reload()
    says(page.locator("main"), r"1 file is not finished: model\.bin|1 upload under way")
    look(page)
    begun = page.evaluate("() => performance.now()")
    page.locator("#upload-files").set_input_files(file)
    page.wait_for_function("() => /\\(\\d+ %\\)/.test(document.querySelector('[data-upload-overall]').textContent)")
    assert percent(page) >= 35 or page.evaluate("() => performance.now()") - begun < 1000
    page.wait_for_url(re.compile("/publish/about$"), timeout=120_000)

    assert sent.total <= 1.1 * size + int(SMALL_PARTS), f"{sent.parts} parts, {sent.total} bytes for {size}"
    [(stored, length)] = site.rows(
        "SELECT b.sha256, b.size FROM catalog_modelfile f JOIN catalog_blob b ON b.sha256 = f.blob_id"
        " JOIN catalog_modelversion v ON v.id = f.version_id JOIN catalog_registeredmodel m ON m.id = v.model_id WHERE m.name = %s",
        name,
    )
    assert (stored, length) == (digest, size)
