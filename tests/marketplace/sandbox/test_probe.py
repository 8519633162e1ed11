"""The probe sees every denial in every profile that works here; as root, also for an account that has no name."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from marketplace.bounded import BadAnswer, BoundedError, Crashed, TimedOut
from marketplace.sandbox.inside import landlock, syscalls
from marketplace.sandbox.running import run_here
from marketplace.sandbox.selftest import weakness
from marketplace.sandbox.tasks import NUMERICAL, Limits
from tests.marketplace.sandbox.attempts import ATTEMPTS, ENDINGS
from tests.marketplace.sandbox.probing import GIB, SMALL, Machine, seen_elsewhere, task

ROOT = Path(__file__).parents[3]
NAMELESS = 54321
SHORT = Limits(cpu_seconds=1, wall_seconds=20, answer_bytes=100_000)
# What a plain child of anybody can do, so that a denial means something; the others need root, would do damage, or depend on the machine.
ANYBODY_CAN = {
    "TCP to a listener of this machine", "UDP", "a unix socket of the parent", "an abstract unix socket", "a pair of sockets",
    "read /etc/passwd", "read the settings", "list the project", "list where the files lie", "read a file beside the given ones",
    "SECRET_KEY in the environment", "the environment of the parent", "see other processes", "the name of the machine",
    "write the given file", "write the given file through a mapping", "change the mode of the given file", "change the times of the given file",
    "link the given file", "open the given file again to write", "write into the project", "make a folder", "3 GiB in a file of memory",
    "start a process", "start a thread", "signal the parent", "have the parent signalled", "bound the parent", "another alarm",
}  # fmt: skip


def allowed(how):
    return {name: told for name, told in how.items() if not told.startswith("denied")}


def test_at_least_one_profile_works_here():
    assert "" in {weakness("bubblewrap"), weakness("landlock")}


def test_every_attempt_is_denied(machine, profile):
    assert allowed(machine.walk(profile, ATTEMPTS)) == {}
    assert machine.untouched()
    assert seen_elsewhere() == []


@pytest.mark.full
def test_an_account_without_a_name_is_confined_as_well():
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else; every other test already runs as an ordinary account")
    python = next((p for p in (sys._base_executable, "/usr/bin/python3") if starts(p)), None)
    if python is None:
        pytest.skip("no Python 3.11 here can be read by everybody")
    with tempfile.TemporaryDirectory(prefix="nameless-") as folder:
        for place in ("marketplace/sandbox", "marketplace/bounded", "tests/marketplace/sandbox"):
            shutil.copytree(ROOT / place, Path(folder, place), ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        command = [python, "-B", f"{folder}/tests/marketplace/sandbox/as_user.py", folder]
        found = json.loads(subprocess.run(command, **nameless(), capture_output=True, check=True, timeout=120).stdout)
    assert found.pop("untouched")
    walks = {profile: how for profile, how in found.items() if isinstance(how, dict)}
    assert walks, f"no profile works for an ordinary account: {found}"
    assert {profile: allowed(how) for profile, how in walks.items()} == {profile: {} for profile in walks}
    assert all(set(how) == set(ATTEMPTS) for how in walks.values())


def nameless():
    return {"user": NAMELESS, "group": NAMELESS, "extra_groups": [], "env": {}, "cwd": "/"}


def starts(python):
    code = "import sys, ctypes, json; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([python, "-I", "-c", code], check=False, **nameless(), capture_output=True, timeout=30).returncode == 0
    except OSError:
        return False


@pytest.mark.full
def test_without_the_sandbox_the_same_attempts_work():
    with Machine() as lost:
        how = lost.walk("unsandboxed", ["see other processes", "read /etc/passwd", "read the settings"])
        assert set(allowed(how)) == set(how)
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); from tests.marketplace.sandbox import attempts as a; p = json.load(sys.stdin); "
        "print(json.dumps(a.walk(p, p['files'])))"
    )
    with Machine() as lost:
        payload = lost.facts | {"names": sorted(ANYBODY_CAN), "files": [str(lost.large), str(lost.small)]}
        told = subprocess.run([sys.executable, "-B", "-c", code, str(ROOT)], input=json.dumps(payload), capture_output=True, text=True, check=True)
    assert ANYBODY_CAN - set(allowed(json.loads(told.stdout))) == set()


QUICK = {"an endless sleep": TimedOut, "a second answer": BadAnswer, "NaN said": BadAnswer, "half a character": BadAnswer,
         "a segmentation fault": Crashed, "a large answer": BadAnswer, "a flood of last words": BadAnswer, "an end without an answer": BadAnswer}  # fmt: skip


@pytest.mark.parametrize("name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.full) for name in ENDINGS])
def test_no_ending_is_taken_for_an_answer(profile, name):
    limits = replace(SHORT, wall_seconds=1) if name == "an endless sleep" else SHORT
    with pytest.raises(QUICK.get(name, BoundedError)):
        run_here(task("alone"), {"name": name}, files=[], limits=limits, profile=profile)


@pytest.mark.full
def test_a_loop_ends_by_its_processor_time(profile):
    began = time.monotonic()
    with pytest.raises(TimedOut, match="used up its seconds"):
        run_here(task("alone"), {"name": "an endless loop"}, files=[], limits=replace(SHORT, wall_seconds=60), profile=profile)
    assert time.monotonic() - began < 20


def test_the_end_by_a_signal_is_named(profile):
    with pytest.raises(Crashed, match="SIGSEGV"):
        run_here(task("alone"), {"name": "a segmentation fault"}, files=[], limits=SHORT, profile=profile)


def test_a_large_file_is_mapped_and_not_copied(machine, profile):
    size, end, _ = run_here(task("reads_the_end"), files=[machine.large], payload=None, limits=SMALL, profile=profile).value
    assert (size, end) == (3 * GIB, "the last bytes of a large file")


def test_what_readers_need_of_the_standard_library_is_there(profile):
    assert "lzma" in run_here(task("imports"), None, files=[], limits=SMALL, profile=profile).value


def test_a_numerical_library_runs_when_its_task_asks_for_what_it_needs(profile):
    asks = task("multiplies", packages=True, calls=NUMERICAL)
    assert run_here(asks, None, files=[], limits=SMALL, profile=profile).value > 0


def test_the_process_knows_neither_django_nor_a_secret(machine, profile, monkeypatch):
    monkeypatch.setenv("LD_PRELOAD_NOT", "canary")
    told = run_here(task("where", packages=True), None, files=[machine.small], limits=SMALL, profile=profile).value
    assert not {"django", "celery", "yaml"} & set(told["modules"])
    assert "canary" not in str(told["environment"])
    assert told["here"] == "/"
    if profile == "bubblewrap":
        assert told["files"] == ["/in/0"], "not even the place of a file is told"


def test_only_a_regular_file_can_be_given(tmp_path, profile):
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path, tmp_path / "missing"):
        with pytest.raises(OSError):
            run_here(task("where"), None, files=[place], limits=SMALL, profile=profile)


def test_the_numbers_of_system_calls_are_those_of_the_library():
    import ctypes

    try:
        resolve = ctypes.CDLL("libseccomp.so.2").seccomp_syscall_resolve_name_arch
    except OSError:
        pytest.skip("libseccomp is not here to compare with")
    resolve.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
    for name, pair in (syscalls.ALWAYS | syscalls.ON_REQUEST).items():
        for number, machine in zip(pair, (0xC000003E, 0xC00000B7), strict=True):
            assert number is None or resolve(machine, name.encode()) == number, name
    assert set(syscalls.numbers("aarch64")) < set(syscalls.numbers("x86_64", frozenset({"uname"})))


@pytest.mark.full
@pytest.mark.parametrize("known", range(1, 8))
def test_older_kernels_hide_files_as_well(known, tmp_path):
    """What a kernel knows of Landlock differs; each version asks for no more than it knows."""
    if landlock.version() < known:
        pytest.skip(f"this kernel knows version {landlock.version()}")
    (tmp_path / "given").write_text("x")
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from marketplace.sandbox.inside import landlock, kernel; from pathlib import Path;"
        f"kernel.LIBC.prctl(38, 1, 0, 0, 0); given = Path({str(tmp_path / 'given')!r}); landlock.allow_only([str(given)], {known});"
        "print(given.read_text()); Path('/etc/passwd').read_text()"
    )
    told = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True, check=False)
    assert (told.stdout, "PermissionError" in told.stderr) == ("x\n", True), told.stderr


STARTS_AND_WAITS = """
import sys
sys.path.insert(0, {root!r})
from tests.marketplace.sandbox.probing import task
from marketplace.sandbox.running import run_here
from marketplace.sandbox.tasks import Limits
run_here(task("alone"), {{"name": "an endless sleep"}}, files=[], limits=Limits(60, 60), profile={profile!r})
"""


def test_nothing_is_left_when_the_worker_is_killed(profile):
    code = STARTS_AND_WAITS.format(root=str(ROOT), profile=profile)
    worker = subprocess.Popen([sys.executable, "-B", "-c", code], env={"PATH": os.environ["PATH"]})
    try:
        end = time.monotonic() + 20
        while not any(b"start.py" in command_of(pid) and b"--ro-bind" not in command_of(pid) for pid in below(worker.pid)):
            assert time.monotonic() < end
            time.sleep(0.05)
        time.sleep(0.3)  # the confined process asks for its parent's death before it does anything else
        started = below(worker.pid)
    finally:
        worker.kill()
        worker.wait()
    end = time.monotonic() + 10
    while left := [pid for pid in started if b"start.py" in command_of(pid)]:
        assert time.monotonic() < end, [command_of(pid) for pid in left]
        time.sleep(0.05)


def below(pid):
    """The numbers of all processes that this one started, and those started."""
    try:
        own = [int(child) for line in Path(f"/proc/{pid}/task").glob("*/children") for child in line.read_text().split()]
    except OSError:
        return []
    return own + [further for child in own for further in below(child)]


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
