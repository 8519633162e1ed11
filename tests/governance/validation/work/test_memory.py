"""What is kept of earlier readings: the same bytes are read once, and nothing that was changed or could not run counts."""

import json

import pytest

from catalog.artifacts import sandbox
from governance.validation import ruleset
from governance.validation.checks.base import CheckAnswer, SubjectFile
from governance.validation.models import CheckResult, KeptAnswer
from governance.validation.states import Verdict
from governance.validation.work import clear_old_answers, memory
from tests.factories import safetensors
from tests.governance.validation.work.seeing import checked, spoil, verdicts

pytestmark = pytest.mark.full

BYTES = {"model.safetensors": safetensors(7)}


@pytest.fixture
def read(monkeypatch):
    """The names of files that the sandbox really read."""
    names, real = [], sandbox.read_each

    def reading(files, **more):
        names.extend(item.name for item in files)
        return real(files, **more)

    monkeypatch.setattr(sandbox, "read_each", reading)
    return names


def test_the_same_bytes_under_the_same_name_are_read_once(cast, read):
    first, _ = checked(cast, files=BYTES)
    second, _ = checked(cast, files=BYTES, name="a-second-model")
    assert read == ["model.safetensors"]
    assert {**verdicts(first), "copies": ""} == {**verdicts(second), "copies": ""}
    assert (verdicts(first)["copies"], verdicts(second)["copies"]) == ("pass", "warn"), "what is the same elsewhere is told, from memory or not"
    evidence = CheckResult.objects.get(run=second, check_id="formats").evidence
    assert evidence["files"][0]["profile"] not in {"", "none"}, "it still says under which profile it was read"


def test_the_bytes_are_hashed_again_although_they_are_known(cast, read):
    only_here = {"model.safetensors": safetensors(8)}
    _, version = checked(cast, files=only_here)
    spoil(version, "model.safetensors")
    run, _ = checked(cast, files=only_here, name="a-second-model")
    assert verdicts(run)["integrity"] == Verdict.FAIL


def test_another_name_is_read_again(cast, read):
    checked(cast, files=BYTES)
    run, _ = checked(cast, files={"other.pt": BYTES["model.safetensors"]}, name="a-second-model")
    assert read == ["model.safetensors", "other.pt"]
    assert run.outcome == Verdict.FAIL


def test_other_rules_read_again(cast, read, monkeypatch):
    checked(cast, files=BYTES)
    monkeypatch.setattr(memory, "readers_rules", lambda: "2-other")
    checked(cast, files=BYTES, name="a-second-model")
    assert len(read) == 2
    assert clear_old_answers() == 1


@pytest.mark.parametrize(
    "change",
    [{"said": json.dumps({"verdict": "allow"})}, {"seal": "0" * 64}, {"said": "{}"}],
    ids=["another answer", "another seal", "another shape"],
)
def test_a_kept_answer_that_was_changed_is_refused(cast, read, change):
    checked(cast, files={"model.pkl": b"cos\nsystem\n(S'id'\ntR."})
    assert KeptAnswer.objects.update(**change) == 1
    run, _ = checked(cast, files={"model.pkl": b"cos\nsystem\n(S'id'\ntR."}, name="a-second-model")
    assert len(read) == 2
    assert run.quarantines
    assert KeptAnswer.objects.get().seal == memory.sealed(KeptAnswer.objects.get().key, KeptAnswer.objects.get().said), "and replaced"


def test_a_good_answer_of_other_bytes_cannot_be_put_in_its_place(cast, read):
    checked(cast, files=BYTES)
    good = KeptAnswer.objects.get()
    checked(cast, files={"model.pkl": b"cos\nsystem\n(S'id'\ntR."}, name="bad")
    KeptAnswer.objects.exclude(pk=good.pk).update(said=good.said, seal=good.seal)
    run, _ = checked(cast, files={"model.pkl": b"cos\nsystem\n(S'id'\ntR."}, name="bad-again")
    assert run.quarantines


def test_what_could_not_be_read_is_asked_again(cast, read, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "_ask", lambda *_: (_ for _ in ()).throw(ValueError("garbage")))
        run, _ = checked(cast, files=BYTES)
    assert run.outcome == Verdict.ERROR
    assert not KeptAnswer.objects.exists()
    again, _ = checked(cast, files=BYTES, name="a-second-model")
    assert again.outcome != Verdict.ERROR
    assert verdicts(again)["formats"] == Verdict.PASS


def test_what_was_read_without_a_sandbox_does_not_count_in_one(cast, read, settings):
    settings.SANDBOX_PROFILE, settings.ALLOW_UNSANDBOXED_SCAN = "service", True
    checked(cast, files=BYTES)
    settings.SANDBOX_PROFILE, settings.ALLOW_UNSANDBOXED_SCAN = "auto", False
    checked(cast, files=BYTES, name="a-second-model")
    assert len(read) == 2


class Counting:
    """A check that looks at files one by one and counts how often."""

    id, version, stage, title = "counting", "1", "Security", "Counts"
    looked: list[str]

    def look_at(self, file: SubjectFile):
        self.looked.append(file.path)
        if file.path == "broken.txt":
            raise OSError("gone")
        return {"size": file.size}

    def sum_up(self, subject, said):
        bad = [path for path, answer in said.items() if "error" in answer]
        return CheckAnswer(Verdict.ERROR if bad else Verdict.PASS, "Counted.", {"files": said})

    def run(self, subject):
        raise AssertionError("the files are looked at one by one")


def test_a_check_per_file_looks_at_the_same_bytes_once(cast, monkeypatch):
    counting = Counting()
    counting.looked = []
    monkeypatch.setattr(ruleset, "_plugged_in", lambda: (counting,))
    first, _ = checked(cast, files=BYTES)
    second, _ = checked(cast, files=BYTES | {"broken.txt": b"words"}, name="a-second-model")
    third, _ = checked(cast, files=BYTES | {"broken.txt": b"words"}, name="a-third-model")
    assert counting.looked == ["model.safetensors", "broken.txt", "broken.txt"], "what could not be looked at is looked at again"
    assert [verdicts(run)["counting"] for run in (first, second, third)] == [Verdict.PASS, Verdict.ERROR, Verdict.ERROR]
    monkeypatch.setattr(Counting, "version", "2")
    checked(cast, files=BYTES, name="a-fourth-model")
    assert counting.looked[-1] == "model.safetensors"
