"""Completeness counts answers, not filled boxes."""

import pytest

from catalog.cards.completeness import completeness, material_changes, says_something
from catalog.cards.schema import TIERS, schema_for


def full(schema, *duties):
    return {field.key: field.example for field in schema.required(*duties)}


@pytest.mark.parametrize("tier", TIERS)
def test_an_empty_card_misses_everything_and_a_full_one_nothing(tier):
    schema = schema_for(tier)
    empty = completeness({}, {}, schema, "production")
    assert (empty.done, empty.percent) == (0, 0)
    assert len(empty.missing) == empty.required > 0
    assert all(item.title and item.why for item in empty.missing)
    complete = completeness(full(schema, "R", "A", "P"), {}, schema, "production")
    assert (complete.done, complete.percent, complete.is_complete) == (complete.required, 100, True)


def test_each_moment_asks_for_more():
    schema = schema_for("T2")
    values = full(schema, "R")
    assert completeness(values, {}, schema, "submit").is_complete
    at_approval = completeness(values, {}, schema, "approval")
    assert not at_approval.is_complete
    assert at_approval.required < completeness(values, {}, schema, "production").required
    assert completeness(values | full(schema, "A"), {}, schema, "approval").is_complete


def test_one_missing_answer_is_not_rounded_away():
    schema = schema_for("T1")
    values = full(schema, "R", "A", "P")
    values.pop("risk.limitations")
    result = completeness(values, {}, schema, "production")
    assert [item.field for item in result.missing] == ["risk.limitations"]
    assert result.percent < 100


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "   ",
        "unknown",
        "Unknown.",
        "N/A",
        "TBD",
        "todo",
        "-",
        "[More Information Needed]",
        "…",
        "?",
        [],
        [""],
        ["unknown"],
        [{}],
        [{"name": ""}],
    ],
)
def test_unknown_is_never_done(value):
    assert not says_something(value)


@pytest.mark.parametrize("value", ["none", "no", "0", 0, 0.0, "None were found.", ["none"], [{"what": "none"}], "unknown words are skipped"])
def test_an_answer_that_says_none_is_an_answer(value):
    assert says_something(value)


def test_a_suggestion_counts_only_once_accepted():
    schema = schema_for("T4")
    values = full(schema, "R")
    key = "risk.limitations"
    waiting = completeness(values, {key: "suggested"}, schema, "submit")
    assert [item.field for item in waiting.missing] == [key]
    assert "Accept or edit" in waiting.missing[0].why
    assert completeness(values, {key: "human"}, schema, "submit").is_complete


def test_silence_of_a_supplier_is_counted_only_when_said_and_accepted():
    schema = schema_for("T2", third_party=True)
    values = full(schema, "R", "A", "P")
    key = "lineage.datasets"

    def missing(value, moment, given=schema):
        return key in {item.field for item in completeness({**values, key: value}, {}, given, moment).missing}

    assert missing(None, "approval")
    assert missing({"not_disclosed": True, "accepted": False}, "approval")
    assert not missing({"not_disclosed": True, "accepted": True}, "approval")
    assert missing({"not_disclosed": True, "accepted": "true"}, "approval")
    assert missing({"not_disclosed": True, "accepted": True}, "approval", schema_for("T2"))


def test_not_disclosed_is_enough_to_submit():
    schema = schema_for("T2", third_party=True)
    values = full(schema, "R") | {"lineage.base_model": {"not_disclosed": True, "accepted": False}}
    assert completeness(values, {}, schema, "submit").is_complete
    assert not completeness(values, {}, schema, "approval").is_complete


def test_what_is_ours_to_say_cannot_be_undisclosed():
    schema = schema_for("T2", third_party=True)
    values = full(schema, "R") | {"risk.limitations": {"not_disclosed": True, "accepted": True}}
    assert [item.field for item in completeness(values, {}, schema, "submit").missing] == ["risk.limitations"]


def test_only_material_fields_make_an_approval_void():
    schema = schema_for("T3")
    old = {
        "identity.summary": "a",
        "use.intended_purpose": "b",
        "classification.data_classes": ["public", "internal"],
        "legal.license": "mit",
    }
    assert material_changes(old, old, schema) == []
    assert material_changes(old, old | {"identity.summary": "z"}, schema) == []
    assert material_changes(old, old | {"use.intended_purpose": "z", "legal.license": "apache-2.0"}, schema) == [
        "use.intended_purpose",
        "legal.license",
    ]
    assert material_changes(old, {key: value for key, value in old.items() if key != "legal.license"}, schema) == ["legal.license"]


def test_what_nobody_means_is_no_change():
    schema = schema_for("T3")
    old = {
        "use.intended_purpose": "a\r\nb ",
        "classification.data_classes": ["public", "internal"],
        "operation.monitoring": [{"metric": "f1"}],
    }
    new = {
        "use.intended_purpose": "a\nb",
        "classification.data_classes": ["internal", "public"],
        "operation.monitoring": [{"metric": "f1", "owner": ""}],
        "legal.license": "",
    }
    assert material_changes(old, new, schema) == []
