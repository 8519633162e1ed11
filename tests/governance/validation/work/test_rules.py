"""Rule sets: what names them, what other packages add to them, and that nothing disappears by being broken."""

from importlib.metadata import EntryPoint

import pytest

from governance.validation import checks, ruleset, work
from governance.validation.actions import submit
from governance.validation.checks.base import CheckAnswer
from governance.validation.models import CheckResult, RuleSet
from governance.validation.states import STAGES, Verdict
from tests.governance.validation.build import ready
from tests.governance.validation.work.seeing import Broken, checked, verdicts


class Extra:
    """A check of another package."""

    id, version, stage, title, severity, tiers = "extra", "1", "Function", "An extra look", "low", ("T1",)

    def run(self, subject):
        return CheckAnswer(Verdict.PASS, "Nothing to say.")


EXTRAS = [Extra()]
BROKEN = {"nothing": "tests.nowhere:Check", "no check": "builtins:dict", "wrong stage": f"{__name__}:WrongStage"}


class WrongStage(Extra):
    stage = "Somewhere"


def entry(value, name="extra"):
    return EntryPoint(name=name, value=value, group=ruleset.GROUP)


@pytest.fixture
def plugged(monkeypatch):
    def plug(*entries):
        monkeypatch.setattr(ruleset, "_plugged_in", lambda: tuple(check for one in entries for check in ruleset.loaded(one)))

    return plug


def test_a_run_names_the_rules_it_was_made_by(cast):
    run, _ = checked(cast)
    content = RuleSet.objects.get(pk=run.rule_set_id).content
    assert {row["id"] for row in content["checks"]} == set(verdicts(run))
    assert "readers/rules/globals.yaml" in content["lists"], "a list of allowed classes is a rule"
    again, _ = checked(cast, name="another")
    assert again.rule_set_id == run.rule_set_id


def test_another_version_of_a_check_or_another_list_is_another_rule_set(db, monkeypatch):
    before = ruleset.present().digest
    assert ruleset.present().digest == before
    with monkeypatch.context() as patched:
        patched.setattr(checks.CHECKS[0].__class__, "version", "2")
        assert ruleset.present().digest != before
    with monkeypatch.context() as patched:
        patched.setattr(ruleset, "data_files", lambda: (("readers/rules/globals.yaml", "0" * 64),))
        assert ruleset.present().digest != before
        assert ruleset.readers_rules() != f"{ruleset.READERS_VERSION}-"


def test_another_package_adds_a_check(cast, plugged):
    plugged(entry(f"{__name__}:EXTRAS"))
    run, _ = checked(cast)
    result = CheckResult.objects.get(run=run, check_id="extra")
    assert (result.verdict, result.severity, run.total) == (Verdict.NA, "low", len(checks.CHECKS) + 1)
    assert "only in tier T1" in result.sentence


@pytest.mark.parametrize("value", BROKEN.values(), ids=BROKEN)
def test_a_check_that_cannot_be_loaded_could_not_run(cast, plugged, value):
    plugged(entry(value))
    run, _ = checked(cast)
    assert verdicts(run)["plugin-extra"] == Verdict.ERROR
    assert run.outcome == Verdict.ERROR


def test_nobody_takes_a_check_away_by_using_its_name(cast, plugged):
    class Thief(Extra):
        id = "pickles"

    plugged(EntryPoint("thief", f"{__name__}:Thief", ruleset.GROUP))
    globals()["Thief"] = Thief
    run, _ = checked(cast)
    assert verdicts(run)["plugin-pickles"] == Verdict.ERROR
    assert verdicts(run)["pickles"] == Verdict.PASS


def test_checks_go_by_stage(db, plugged, monkeypatch):
    monkeypatch.setattr(checks, "CHECKS", (Broken(None), *checks.CHECKS))
    stages = [STAGES.index(check.stage) for check in ruleset.present_checks()]
    assert stages == sorted(stages)


def test_rules_that_changed_while_a_run_was_lost_are_asked_anew(cast, monkeypatch):
    run = submit(ready(cast), by=cast.nina)
    assert work.take(run.pk)
    assert work.run_checks(run.pk) is False, "somebody has it"
    type(run).objects.filter(pk=run.pk).update(lease_until=None, state="waiting")
    with monkeypatch.context() as patched:
        patched.setattr(work.running, "finish", lambda *_: None)
        work.run_checks(run.pk)
    old = verdicts(run)
    type(run).objects.filter(pk=run.pk).update(lease_until=None, state="waiting")
    monkeypatch.setattr(checks.CHECKS[0].__class__, "version", "2")
    made = dict(CheckResult.objects.filter(run=run).values_list("check_id", "pk"))
    work.run_checks(run.pk)
    now = dict(CheckResult.objects.filter(run=run).values_list("check_id", "pk"))
    assert verdicts(run) == old
    assert {check for check in now if now[check] != made[check]} == {"integrity"}
