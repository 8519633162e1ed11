"""ClamAV as a check: real sockets, a clamd that works, and clamds that do not; none of those ever gives a pass."""

import pytest

from governance.validation import ruleset
from governance.validation.models import CheckResult
from governance.validation.plugins import clamav
from governance.validation.plugins.clamav import ClamAV
from governance.validation.states import Verdict
from marketplace.environment import sandbox_problems
from tests.factories import safetensors
from tests.governance.validation.plugins.fake_clamd import EICAR, Clamd
from tests.governance.validation.work.seeing import checked, verdicts

pytestmark = pytest.mark.full

WRONG = ["garbage", "another", "no number", "two answers", "half", "error", "chatters", "hangs"]


@pytest.fixture
def clamd(settings, monkeypatch):
    monkeypatch.setattr(clamav, "SECONDS", 0.7)
    monkeypatch.setattr(ClamAV, "_engines", {})
    server = Clamd()
    settings.CLAMD_URL = server.url
    yield server
    server.stop()


def result(run):
    return CheckResult.objects.get(run=run, check_id="antivirus")


def test_clean_files_pass_and_the_result_names_the_engine(cast, clamd):
    run, _ = checked(cast)
    assert (run.outcome, verdicts(run)["antivirus"]) == (Verdict.PASS, Verdict.PASS)
    assert result(run).evidence["engine"] == "ClamAV 1.4.1/27421"
    assert len(clamd.seen) == 1
    assert {row["id"]: row.get("engine") for row in run.rule_set.content["checks"]}["antivirus"] == "ClamAV 1.4.1/27421"


def test_malware_quarantines_the_version(cast, clamd):
    run, version = checked(cast, files={"model.safetensors": safetensors(), "notes.txt": b"see: " + EICAR})
    assert (verdicts(run)["antivirus"], version.state) == (Verdict.FAIL, "quarantined")
    assert "Eicar-Signature in notes.txt" in result(run).findings.get().message


@pytest.mark.parametrize("how", WRONG)
def test_an_answer_that_is_none_is_never_a_pass(cast, clamd, how):
    clamd.how = how
    run, version = checked(cast)
    assert verdicts(run)["antivirus"] == Verdict.ERROR
    assert (run.outcome, version.state) == (Verdict.ERROR, "validation_failed")
    assert "could not look at" in result(run).sentence


def test_a_clamd_that_is_away_is_never_a_pass(cast, clamd):
    clamd.stop()
    run, _ = checked(cast)
    assert (verdicts(run)["antivirus"], run.outcome) == (Verdict.ERROR, Verdict.ERROR)


def test_what_is_too_large_is_a_warning_and_not_sent(cast, clamd, settings):
    settings.CLAMD_MOST_BYTES = 10
    run, _ = checked(cast)
    assert (verdicts(run)["antivirus"], clamd.seen) == (Verdict.WARN, [])
    settings.CLAMD_MOST_BYTES, clamd.how = 10**6, "too large"
    run, _ = checked(cast, name="again")
    assert verdicts(run)["antivirus"] == Verdict.WARN


def test_the_same_bytes_are_sent_once_until_the_signatures_change(cast, clamd):
    files = {"model.safetensors": safetensors(11)}
    checked(cast, files=files)
    checked(cast, files=files, name="second")
    assert len(clamd.seen) == 1
    before = ruleset.present().digest
    clamd.says["version"] = b"ClamAV 1.4.1/27422/Tue Oct 21 09:00:00 2026\0"
    ClamAV._engines.clear()
    assert ruleset.present().digest != before, "new signatures are new rules, so everything is looked at again"
    checked(cast, files=files, name="third")
    assert len(clamd.seen) == 2


def test_a_clamd_that_is_away_for_a_moment_changes_no_rule(cast, clamd):
    run, _ = checked(cast)
    clamd.stop()
    ClamAV._engines.clear()
    assert ruleset.present().digest == run.rule_set_id


@pytest.mark.parametrize("version", [b"rm -rf /\0", b"\xff\xff\0", b"ClamAV", b""])
def test_a_version_that_is_none_is_not_taken_over(clamd, version):
    clamd.says["version"] = version
    assert ClamAV(clamd.url, 10).engine() in {"", "ClamAV"}


def test_it_is_off_without_the_setting(settings, db):
    settings.CLAMD_URL = ""
    assert "antivirus" not in {check.id for check in ruleset.present_checks()}


@pytest.mark.parametrize(("url", "good"), [("unix:/run/clamav/clamd.ctl", True), ("tcp://clamd:3310", True), ("clamd", False), ("http://x", False)])
def test_a_wrong_address_is_refused_at_the_start(url, good):
    assert (sandbox_problems(profile="auto", scanner="", clamd=url) == []) is good
