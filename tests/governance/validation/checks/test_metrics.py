"""V46: results can be judged, and reach their thresholds."""

import pytest

from governance.validation.checks.metrics import Metrics
from tests.governance.validation.checks.world import subject

ROW = {"name": "f1", "value": 0.93, "threshold": 0.9, "dataset": "invoices-test", "date": "2026-10-01"}


def judged(tmp_path, *rows, tier="T3"):
    return Metrics().run(subject(tmp_path, tier=tier, card={"evaluation.metrics": list(rows)}))


@pytest.fixture(autouse=True)
def later(time_machine):
    time_machine.move_to("2026-11-01 12:00")


@pytest.mark.parametrize(
    "row", [ROW, ROW | {"name": "word error rate", "value": 0.04, "threshold": 0.05}, ROW | {"name": "RMSE", "value": 3, "threshold": 3}]
)
def test_whole_results_that_reach_their_threshold_pass(tmp_path, row):
    assert judged(tmp_path, row).verdict == "pass"


@pytest.mark.parametrize("part", ["dataset", "date", "threshold"])
def test_a_missing_part_warns_and_is_named_by_its_row(tmp_path, part):
    answer = judged(tmp_path, ROW, ROW | {part: None})
    assert (answer.verdict, answer.findings[0].where) == ("warn", "evaluation.metrics, row 2")


@pytest.mark.parametrize("row", [ROW | {"value": 0.89}, ROW | {"name": "latency p95", "value": 120, "threshold": 100}])
@pytest.mark.parametrize(("tier", "verdict"), [("T4", "warn"), ("T3", "warn"), ("T2", "fail"), ("T1", "fail")])
def test_a_missed_threshold_warns_and_fails_where_it_matters(tmp_path, row, tier, verdict):
    answer = judged(tmp_path, row, tier=tier)
    assert answer.verdict == verdict
    assert "misses its threshold" in answer.sentence


def test_a_date_that_is_still_to_come_warns(tmp_path):
    assert judged(tmp_path, ROW | {"date": "2026-12-24"}).verdict == "warn"


def test_no_results_say_nothing(tmp_path):
    assert judged(tmp_path).verdict == "na"
