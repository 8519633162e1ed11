"""The fields of a card: their duties per tier, and every mistake in their values named."""

import itertools
import json

import jsonschema
import pytest

from catalog.cards.completeness import json_schema
from catalog.cards.schema import PACKS, TIERS, schema_for, validate

EVERY = [
    schema_for(tier, third_party=third, hosted=hosted, packs=packs)
    for tier in TIERS
    for third in (False, True)
    for hosted in (False, True)
    for packs in ((), PACKS)
]


def keys(fields):
    return {field.key for field in fields}


@pytest.mark.parametrize("third_party", [False, True])
@pytest.mark.parametrize("hosted", [False, True])
def test_the_lowest_tier_asks_a_person_exactly_six_things(third_party, hosted):
    schema = schema_for("T4", third_party=third_party, hosted=hosted, packs=PACKS)
    six = {
        "identity.summary",
        "identity.accountable_owner",
        "use.intended_purpose",
        "classification.data_classes",
        "legal.license",
        "risk.limitations",
    }
    assert keys(field for field in schema.fields if field.duty != "o" and field.asked) == six
    assert keys(schema.required("R", "A", "P")) == six


def test_a_stricter_tier_never_asks_less():
    ranks = {"o": 0, "P": 1, "A": 2, "R": 3}
    for third_party in (False, True):
        for packs in ((), PACKS):
            for low, high in itertools.pairwise(TIERS):
                lower, higher = (schema_for(t, third_party=third_party, packs=packs) for t in (low, high))
                for a, b in zip(lower.fields, higher.fields, strict=True):
                    assert ranks[b.duty] >= ranks[a.duty], (a.key, low, high)


def test_packs_add_duties():
    without = schema_for("T2")
    assert without.field("evaluation.genai_safety").duty == "o"
    assert schema_for("T2", packs={"genai"}).field("evaluation.genai_safety").duty == "A"
    assert schema_for("T3", packs={"personal_data"}).field("risk.dpia").duty == "A"
    assert schema_for("T2", packs={"people"}).field("risk.fairness").duty == "A"
    assert schema_for("T1").field("risk.fairness").duty == "A"


def test_models_from_elsewhere_owe_their_revision_and_less_about_their_insides():
    own, other = schema_for("T1"), schema_for("T1", third_party=True)
    assert (own.field("identity.upstream_revision").duty, other.field("identity.upstream_revision").duty) == ("o", "R")
    assert (own.field("technical.design_choices").duty, other.field("technical.design_choices").duty) == ("A", "o")


def test_a_hosted_model_owes_nothing_about_files():
    hosted = schema_for("T2", third_party=True, hosted=True)
    for key in ("technical.format", "technical.precision", "security.scan_summary", "lineage.base_model"):
        assert hosted.field(key).duty == "o"


def test_what_governance_calls_material_is_material():
    schema = schema_for("T3")
    for section in ("use", "legal", "operation"):
        for field in schema.fields:
            if field.key.startswith(f"{section}.") and field.key != "use.instructions":
                assert field.material, field.key
    for key in ("lineage.base_model", "lineage.datasets", "classification.data_classes", "evaluation.metrics"):
        assert schema.field(key).material
    for key in ("identity.summary", "technical.tags", "identity.contact"):
        assert not schema.field(key).material


def test_keys_are_unique_and_every_field_explains_itself():
    fields = EVERY[0].fields
    assert len(keys(fields)) == len(fields) > 90
    for field in fields:
        assert field.title, field.key
        assert field.why.endswith("."), field.key
        assert (field.type in {"enum", "multi"}) == bool(field.options), field.key
        assert (field.type == "rows") == bool(field.columns), field.key
        assert field.key.count(".") == 1


@pytest.mark.parametrize("schema", EVERY, ids=lambda s: f"{s.tier}-{s.third_party}-{s.hosted}")
def test_every_example_is_valid_in_both_forms(schema):
    values = {field.key: field.example for field in schema.fields}
    assert validate(values, schema) == []
    form = json_schema(schema)
    jsonschema.Draft202012Validator.check_schema(form)
    jsonschema.Draft202012Validator(form).validate(values)
    json.dumps(form)


WRONG = {
    "identity.summary": [3, ["x"], "x" * 281, "a\x00b", True],
    "identity.origin": ["elsewhere", 1, ["internal"]],
    "classification.data_classes": ["public", ["public", "made up"], [3], ["public"] * 9],
    "technical.parameter_count": ["many", True, float("inf"), 1e30],
    "identity.released_at": ["yesterday", "2026-13-01", "20261001", 20261001],
    "technical.tags": ["one", [1], ["x"] * 501, ["x" * 201]],
    "evaluation.metrics": ["f1", ["f1"], [{"nam": "f1"}], [{"value": "0.9"}], [{"date": "soon"}], [{"name": ["f1"]}]],
    "risk.limitations": [{"some": "thing"}, {"not_disclosed": True}, "x" * 20_001],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in WRONG.items() for value in values])
def test_each_wrong_value_is_named_with_a_fix(key, value):
    schema = schema_for("T3", third_party=True)
    problems = validate({key: value}, schema)
    assert problems
    assert {problem.field for problem in problems} == {key}
    assert all(problem.message and problem.fix for problem in problems)
    if not (isinstance(value, str) and "\x00" in value):
        form = jsonschema.Draft202012Validator(json_schema(schema), format_checker=jsonschema.FormatChecker())
        assert any(list(error.path)[:1] == [key] for error in form.iter_errors({key: value}))


def test_every_mistake_is_named_not_only_the_first():
    values = {key: mistakes[0] for key, mistakes in WRONG.items()} | {"made.up": 1, "another": 2}
    problems = validate(values, schema_for("T1"))
    assert {problem.field for problem in problems} == set(values)
    rows = validate({"evaluation.metrics": [{"value": "a"}, {"value": "b"}]}, schema_for("T1"))
    assert len(rows) == 2
    assert "row 2" in rows[1].message


def test_not_disclosed_is_for_models_from_elsewhere_and_for_their_insides():
    value = {"not_disclosed": True, "accepted": False, "reason": "The supplier declined on 2026-10-01."}
    assert validate({"lineage.datasets": value}, schema_for("T2", third_party=True)) == []
    assert validate({"lineage.datasets": value}, schema_for("T2"))
    assert validate({"risk.limitations": value}, schema_for("T2", third_party=True))
    for bad in ({**value, "accepted": "yes"}, {**value, "extra": 1}, {"not_disclosed": False}, {**value, "reason": 3}, {}):
        assert validate({"lineage.datasets": bad}, schema_for("T2", third_party=True))


def test_nothing_given_is_no_mistake():
    schema = schema_for("T1")
    assert validate({}, schema) == []
    assert validate({field.key: None for field in schema.fields}, schema) == []
    assert validate({field.key: "" for field in schema.fields}, schema) == []


def test_an_unknown_tier_or_pack_is_refused():
    with pytest.raises(ValueError, match="T9"):
        schema_for("T9")
    with pytest.raises(ValueError, match="gen-ai"):
        schema_for("T1", packs={"gen-ai"})
