"""Nothing hostile is let through, nothing good is stopped, and nothing crashes: with files that the libraries themselves wrote."""

import statistics
import time

import pytest

from tests.redteam.conftest import cases, files_of, judge, worst

pytestmark = pytest.mark.full
# What names a class of a framework, or an operation that reads a file of the model, goes to a person; everything else good passes alone.
FOR_A_PERSON = ("sklearn-", "xgboost-pickle", "lightgbm-", "torch-whole-")


def test_there_is_enough_of_both(artifacts):
    assert len(cases(artifacts, "malicious")) >= 500
    assert len(cases(artifacts, "benign")) >= 400


def test_nothing_malicious_is_let_through(artifacts):
    verdicts = {case.name: worst(judge(files_of(case))) for case in cases(artifacts, "malicious")}
    assert {name: verdict for name, verdict in verdicts.items() if verdict != "block"} == {}


def test_every_refusal_says_where_what_and_how_to_mend_it(artifacts):
    for case in cases(artifacts, "malicious"):
        for reading in judge(files_of(case)).values():
            for finding in reading.findings:
                assert finding.where, (case.name, finding)
                assert finding.message.endswith((".", "…")), (case.name, finding)


def test_nothing_benign_is_stopped_and_only_known_classes_need_a_person(artifacts):
    stopped, asked, times = {}, [], []
    for case in cases(artifacts, "benign"):
        began = time.process_time()
        readings = judge(files_of(case))
        times.append(time.process_time() - began)
        verdict = worst(readings)
        if verdict in {"block", "error"}:
            stopped[case.name] = [finding.message for reading in readings.values() for finding in reading.findings]
        elif verdict == "review":
            asked.append(case.name)
    assert stopped == {}
    assert [name for name in asked if not name.startswith(FOR_A_PERSON)] == []
    print(f"{len(times)} benign artifacts, median {statistics.median(times) * 1000:.1f} ms, slowest {max(times) * 1000:.0f} ms of processor time")
    assert statistics.median(times) < 0.1


def test_the_steps_of_a_pipeline_are_told_in_their_order(artifacts):
    readings = judge(files_of(artifacts / "benign" / "sklearn-pipeline"))
    facts = readings["model.pkl"].facts
    assert facts["architecture"]["value"] == "Pipeline"
    assert facts["steps"]["value"] == [
        "standardscaler: StandardScaler",
        "functiontransformer: FunctionTransformer",
        "logisticregression: LogisticRegression",
    ]
