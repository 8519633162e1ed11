"""The scanner apart: the same probe, the same answers; and whatever happens to it is never taken for good."""

import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from catalog.artifacts.sandbox import TASKS, inspect
from governance.management.demo.artifacts import artifact_files
from governance.validation import probing
from governance.validation.looking import Item, look
from governance.validation.rules import rules
from marketplace import sandbox as box
from marketplace.sandbox.client import hello, run_there
from marketplace.sandbox.service import Scanner, alone
from marketplace.sandbox.world import bwrap
from tests.catalog.artifacts.build import calling, good
from tests.marketplace.sandbox.attempts import ATTEMPTS
from tests.marketplace.sandbox.probing import GIB, SMALL, Machine, task

pytestmark = pytest.mark.full

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def folder():
    """A short place: the path of a socket has at most a hundred letters."""
    with tempfile.TemporaryDirectory(prefix="scanner-") as place:
        yield Path(place)


@pytest.fixture(scope="module")
def scanner(folder):
    """`bin/scanner` as it is started in production: no settings, no secret, only the folder of files."""
    files, address = folder / "files", folder / "socket"
    files.mkdir()
    process = start(address, files)
    yield f"unix:{address}", files
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert not address.exists()


def start(address, files, **environment):
    command = [sys.executable, str(ROOT / "bin/scanner"), "--listen", str(address), "--files", str(files)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = process.stdout.readline()
    assert "listens at" in said, said
    return process


@pytest.fixture
def used(settings, scanner):
    """A worker that is told to use it."""
    settings.SCANNER_URL, files = scanner
    settings.STORAGES = {"default": {"OPTIONS": {"location": str(files)}}}
    box.forget()
    yield settings, files
    box.forget()


@pytest.fixture
def serving():
    """Answer in this process: `serving(tasks, roots) -> url`."""
    running = []

    def serve(tasks, *roots):
        place = tempfile.TemporaryDirectory(prefix="scanner-")
        one = Scanner(f"{place.name}/socket", tasks, roots=roots, parallel=2)
        threading.Thread(target=one.serve_forever, daemon=True).start()
        running.append((one, place))
        return f"unix:{place.name}/socket"

    yield serve
    for one, place in running:
        one.shutdown()
        one.server_close()
        place.cleanup()


def test_a_file_is_read_by_the_scanner_and_the_reading_says_so(used):
    _, files = used
    (files / "m").write_bytes(good("safetensors"))
    (files / "p").write_bytes(calling("os", "system"))
    kind, bad = inspect(files / "m", "model.safetensors"), inspect(files / "p", "model.pkl")
    assert (kind.verdict, bad.verdict) == ("allow", "block")
    assert kind.profile == bad.profile in {"service/bubblewrap", "service/landlock"}


def test_the_checks_look_at_text_and_ask_models_through_it(used):
    _, files = used
    (files / "t").write_bytes(b"one\ntwo AKIA" + b"QWERTYUIOPASDFGH\n")
    (files / "o").write_bytes(dict(artifact_files("onnx", 1))["model.onnx"])
    seen, _ = look([Item(files / "t", "README.md", "")], {})
    told = probing.ask([probing.Model("model.onnx", files / "o", "of this test")], rules("probe").data)
    assert [hit.line for hit in seen["README.md"].secrets] == [2]
    assert told.models[0]["loads"], told.models
    assert seen["README.md"].profile == told.profile in {"service/bubblewrap", "service/landlock"}


def test_the_probe_sees_every_denial(serving):
    with Machine() as machine:
        url = serving([task("walk")], machine.store)
        payload = machine.facts | {"names": list(ATTEMPTS)}
        told = run_there(url, task("walk"), payload, files=[machine.large, machine.small], limits=SMALL)
        assert {name: how for name, how in told.value.items() if not how.startswith("denied")} == {}
        assert machine.untouched()


def test_a_large_file_is_not_sent_but_named(serving):
    with Machine() as machine:
        url = serving([task("reads_the_end")], machine.store)
        assert run_there(url, task("reads_the_end"), None, files=[machine.large], limits=SMALL).value[0] == 3 * GIB


def test_only_named_tasks_on_files_of_its_folders_are_run(serving, tmp_path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "outside").write_text("x")
    (tmp_path / "inside/link").symlink_to(tmp_path / "outside")
    url = serving([task("where")], tmp_path / "inside")
    for path in (tmp_path / "outside", tmp_path / "inside/link", tmp_path / "inside/../outside", Path("/etc/passwd")):
        with pytest.raises(box.ScannerAway, match="not given the folder"):
            run_there(url, task("where"), None, files=[path], limits=SMALL)
    with pytest.raises(box.BadAnswer, match="did not understand"):
        run_there(url, task("imports"), None, files=[], limits=SMALL)
    with pytest.raises(box.BadAnswer, match="could not read"):
        run_there(url, task("where"), None, files=[tmp_path / "inside/missing"], limits=SMALL)


ENDINGS = {"a segmentation fault": box.Crashed, "an endless sleep": box.TimedOut, "NaN said": box.BadAnswer, "half a character": box.BadAnswer,
           "a second answer": box.BadAnswer, "a large answer": box.BadAnswer}  # fmt: skip


@pytest.mark.parametrize("name", ENDINGS)
def test_no_ending_over_there_is_taken_for_an_answer(serving, name):
    url = serving([task("alone")])
    with pytest.raises(ENDINGS[name]):
        run_there(url, task("alone"), {"name": name}, files=[], limits=box.Limits(1, 1, answer_bytes=100_000))


NOISE = {
    "an exit code that is none": b'{"fault": "Crashed", "sentence": "x", "exit_code": "many"}\n',
    "an exit code that is a list": b'{"fault": "Crashed", "sentence": "x", "exit_code": [1]}\n',
    "a fault that is a list": b'{"fault": ["TimedOut"], "sentence": {"a": 1}}\n',
    "an infinite exit code": b'{"fault": "Crashed", "exit_code": 1e999}\n',
    "a profile that is none": b'{"answer": 1, "profile": ["landlock"]}\n',
    "nothing": b"",
    "no JSON": b"allow\n",
    "another shape": b'{"answer": 1}\n',
    "NaN": b'{"answer": NaN, "profile": "landlock"}\n',
    "half a character": b'{"answer": "\\ud800", "profile": "landlock"}\n',
    "two answers": b'{"answer": 1, "profile": "landlock"}\n' * 2,
    "half an answer": b'{"answer": 1, "profile"',
    "too much": b'{"answer": "' + b"x" * 2_000_000 + b'", "profile": "landlock"}\n',
}


@pytest.mark.parametrize("noise", NOISE)
def test_a_scanner_that_answers_noise_has_not_answered(folder, noise):
    address = folder / f"n{list(NOISE).index(noise)}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()

        def answer():
            line, _ = listener.accept()
            with line, suppress(OSError):
                line.recv(65536)
                line.sendall(NOISE[noise])

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(box.BadAnswer):
            run_there(f"unix:{address}", task("where"), None, files=[], limits=SMALL)


LIES = [
    b'{"profile": "landlock", "why": "", "unseen": 1}\n', b'{"profile": "landlock", "why": "", "unseen": {"a": 1}}\n', b'{"profile": "landlock", "why": "", "unseen": [[]]}\n',
    b'{"profile": "landlock", "why": 1, "unseen": null}\n', b'{"profile": null, "why": "", "unseen": []}\n', b'{"fault": "Crashed", "exit_code": "x"}\n', b"[]\n", b"null\n",
    b'{"profile": "unsandboxed", "why": "", "unseen": []}\n', b'{"profile": "none", "why": "", "unseen": []}\n', b'{"profile": "everything is fine", "why": "", "unseen": []}\n',
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_scanner_that_says_nothing_sensible_about_itself_is_not_used(used, lie):
    settings, files = used
    address = files / f"liar{LIES.index(lie)}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()

        def answer():
            line, _ = listener.accept()
            with line, suppress(OSError):
                line.recv(65536)
                line.sendall(lie)

        threading.Thread(target=answer, daemon=True).start()
        settings.SANDBOX_PROFILE, settings.SCANNER_URL = "service", f"unix:{address}"
        box.forget()
        assert box.choice().profile == "none"


def test_a_hung_scanner_is_given_up(folder, monkeypatch):
    monkeypatch.setattr("marketplace.sandbox.client.PATIENCE", 0.3)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "hung"))
        listener.listen()
        with pytest.raises(box.TimedOut):
            run_there(f"unix:{folder / 'hung'}", task("where"), None, files=[], limits=box.Limits(1, 0.3))


def test_a_stopped_scanner_lets_nothing_pass_and_says_what_to_do(used):
    settings, files = used
    (files / "s").write_bytes(good("safetensors"))
    settings.SANDBOX_PROFILE, settings.SCANNER_URL = "service", f"unix:{files}/nobody"
    box.forget()
    found = inspect(files / "s", "model.safetensors")
    assert (found.verdict, found.profile) == ("error", "none")
    assert "does not answer at SCANNER_URL" in found.findings[0].message


def test_a_scanner_that_went_away_fails_one_reading_and_the_next_is_read_here(used, serving):
    settings, files = used
    (files / "w").write_bytes(good("safetensors"))
    settings.SCANNER_URL = serving(TASKS, files)
    box.forget()
    assert inspect(files / "w", "model.safetensors").profile.startswith("service/")
    Path(settings.SCANNER_URL.removeprefix("unix:")).unlink()
    lost, found = inspect(files / "w", "model.safetensors"), inspect(files / "w", "model.safetensors")
    assert (lost.verdict, lost.profile) == ("error", "service")
    assert (found.verdict, found.profile in {"bubblewrap", "landlock"}) == ("allow", True)


def test_a_scanner_that_starts_late_is_found(used, monkeypatch):
    settings, _ = used
    url, settings.SCANNER_URL = settings.SCANNER_URL, "unix:/nowhere/at/all"
    box.forget()
    assert box.choice().profile != "service"
    assert not box.choice().settled
    monkeypatch.setattr("marketplace.sandbox.choosing.hello", lambda _url, folders: hello(url, folders))
    assert box.choice().profile != "service", "it is not asked for every file"
    monkeypatch.setattr("marketplace.sandbox.choosing.ASK_AGAIN", 0)
    assert box.choice().profile == "service"


def test_without_the_scanner_a_worker_may_use_its_own_sandbox(used):
    settings, _ = used
    settings.SCANNER_URL = "unix:/nowhere/at/all"
    box.forget()
    found = box.choice()
    assert found.profile in {"bubblewrap", "landlock"}
    assert "does not answer" in found.weak["service"]


def test_a_scanner_that_does_not_see_the_store_is_not_used(used, tmp_path):
    settings, _ = used
    settings.SANDBOX_PROFILE = "service"
    settings.STORAGES = {"default": {"OPTIONS": {"location": str(tmp_path)}}}
    box.forget()
    assert box.choice().profile == "none"
    assert f"does not see {tmp_path}" in box.choice().weak["service"]


def test_a_scanner_refuses_to_be_handed_a_secret(folder):
    command = [sys.executable, str(ROOT / "bin/scanner"), "--listen", str(folder / "x"), "--files", str(folder)]
    told = subprocess.run(command, env={"DATABASE_URL_FILE": "/run/x"}, capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "must not be handed DATABASE_URL_FILE" in told.stderr


def test_a_killed_scanner_starts_again_and_a_second_one_does_not(folder):
    address = folder / "again"
    first = start(address, folder)
    first.kill()
    first.wait()
    second = start(address, folder)
    try:
        command = [sys.executable, str(ROOT / "bin/scanner"), "--listen", str(address), "--files", str(folder)]
        third = subprocess.run(command, env={}, capture_output=True, text=True, check=False, timeout=30)
        assert "Another scanner already listens" in third.stderr
        assert hello(f"unix:{address}", [folder]) in {"bubblewrap", "landlock"}
        assert address.stat().st_mode & 0o007 == 0, "only its account and its group may ask"
    finally:
        second.terminate()
        second.wait(20)


def test_it_loads_neither_settings_nor_celery(folder):
    code = (
        f"import runpy, sys; runpy.run_path({str(ROOT / 'bin/scanner')!r}, run_name='looked'); print(sorted(m for m in sys.modules if '.' not in m))"
    )
    told = subprocess.run([sys.executable, "-c", code], env={}, capture_output=True, text=True, check=True, cwd=folder).stdout
    assert not {"'celery'", "'psycopg'", "'rest_framework'"} & set(told.strip("[]\n").split(", "))


@pytest.mark.full
def test_alone_the_filter_of_system_calls_is_enough_and_it_still_denies_the_rest():
    with Machine() as machine:
        through = {name for name, how in machine.walk("seccomp", ATTEMPTS).items() if not how.startswith("denied")}
    assert through <= {
        "read /etc/shadow", "read /etc/passwd", "read the settings", "list the project", "list where the files lie",
        "read a file beside the given ones", "see other processes", "the environment of the parent",
    }  # fmt: skip


def test_whoever_has_no_network_is_alone():
    if bwrap() is None:
        pytest.skip("bubblewrap is not here to take the network away")
    code = f"import runpy; runpy.run_path({str(ROOT / 'bin/scanner')!r}, run_name='looked'); from marketplace.sandbox.service import alone; print(alone())"
    without = [bwrap(), "--unshare-net", "--dev-bind", "/", "/", sys.executable, "-B", "-c", code]
    assert subprocess.run(without, env={}, capture_output=True, text=True, check=True).stdout == "True\n"
    routes = Path("/proc/net/route").read_text().splitlines()[1:]
    assert not alone() or {line.split()[0] for line in routes} <= {"lo"}
