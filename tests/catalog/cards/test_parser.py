"""Hugging Face READMEs come in without failing and go out without losing anything."""

import json
import time

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.cards.parser import export_readme, parse_readme
from catalog.cards.schema import schema_for, validate

README = """---
license: other
license_name: our-community-license
license_link: https://example.com/license
language:
- en
- no
pipeline_tag: text-classification
library_name: transformers
base_model: example/base
base_model_relation: finetune
datasets:
- example/reviews
tags: [finance, 2024-01-01, true]
thumbnail: https://example.com/a.png
widget:
- text: "Hello"
co2_eq_emissions:
  emissions: 1500
  source: own measurement
new_version: example/next
model-index:
- name: m
  results:
  - task: {type: text-classification}
    dataset: {name: Reviews, type: example/reviews, split: test}
    metrics:
    - {type: f1, value: 0.91, verified: true}
    - {type: per_class, value: [1, 2]}
    - {type: accuracy, value: "93.5%"}
---

# A model

Text.
"""


def readme(front):
    return f"---\n{front}\n---\nbody\n"


def test_every_key_finds_its_field():
    card = parse_readme(README)
    assert card.warnings == []
    assert card.text == "\n# A model\n\nText.\n"
    assert card.values == {
        "legal.license": "our-community-license",
        "legal.license_link": "https://example.com/license",
        "technical.languages": ["en", "no"],
        "technical.task": "text-classification",
        "technical.library": "transformers",
        "lineage.base_model": ["example/base"],
        "lineage.base_relation": "finetune",
        "lineage.datasets": [{"name": "example/reviews"}],
        "technical.tags": ["finance", "2024-01-01", "true"],
        "technical.co2_kg": 1.5,
        "lifecycle.successor": "example/next",
        "evaluation.metrics": [
            {"name": "f1", "value": 0.91, "dataset": "Reviews", "slice": "test"},
            {"name": "accuracy", "value": 93.5, "dataset": "Reviews", "slice": "test"},
        ],
    }
    assert card.unmapped["widget"] == [{"text": "Hello"}]
    assert card.unmapped["thumbnail"] == "https://example.com/a.png"
    json.dumps([card.values, card.unmapped], allow_nan=False)


def test_the_way_back_keeps_every_key():
    before = yaml.safe_load(README.split("---")[1].replace("- no\n", "- 'no'\n"))
    after = yaml.safe_load(export_readme(*parts(parse_readme(README))).split("---\n")[1])
    assert json.dumps(after, sort_keys=True, default=str) == json.dumps(before, sort_keys=True, default=str)


def parts(card):
    return card.values, card.text, card.unmapped


def test_a_value_changed_here_wins_and_an_emptied_one_stays_empty():
    card = parse_readme(README)
    values = {key: value for key, value in card.values.items() if key != "evaluation.metrics"} | {"legal.license": "mit"}
    out = export_readme(values, card.text, card.unmapped)
    assert "license: mit\n" in out
    assert "our-community-license" not in out
    assert "model-index" not in out
    again = parse_readme(out)
    assert again.values == values


def test_fields_without_a_place_travel_under_our_own_key():
    values = {"risk.limitations": "Poor on *handwriting*.\n\n---\n\nReally.", "lineage.datasets": [{"name": "a", "role": "training"}]}
    out = export_readme(values, "text")
    front = yaml.safe_load(out.split("\n---\n")[0].removeprefix("---\n"))
    assert front["datasets"] == ["a"]
    assert parse_readme(out).values == values


def test_words_that_yaml_would_bend_stay_words_for_every_reader():
    out = export_readme({"technical.languages": ["no", "on", "1.0", "2024-01-01", "null", "~", "0x1f", "1e5", "=", "<<", ""]}, "")
    assert yaml.safe_load(out.split("---\n")[1])["language"] == ["no", "on", "1.0", "2024-01-01", "null", "~", "0x1f", "1e5", "=", "<<", ""]


@pytest.mark.parametrize("text", ["", "# only text", "---", "--- \ntext", "text\n---\nlicense: mit\n---\n", "\ufeff# text"])
def test_text_without_a_head_is_text(text):
    card = parse_readme(text)
    assert (card.values, card.text, card.unmapped) == ({}, text, {})


def test_heads_in_other_shapes_are_read():
    assert parse_readme("\ufeff---\r\nlicense: mit\r\n---\r\nbody\r\n").values == {"legal.license": "mit"}
    assert parse_readme("---\nlicense: mit\n---").values == {"legal.license": "mit"}
    assert parse_readme("---\n---\nbody").text == "body"
    assert parse_readme("---\nlicense: [mit]\n---\n").values == {"legal.license": "mit"}


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("license: {a: b}", "license was not taken over"),
        ("license: [mit, apache-2.0]", "should be one license"),
        ("tags: {a: 1}", "tags was not taken over"),
        ("tags: [[a]]", "tags was not taken over"),
        ("pipeline_tag: [a, b]", "pipeline_tag was not taken over"),
        ("base_model_relation: cousin", "does not know 'cousin'"),
        ("model-index: 3", "model-index was not taken over"),
        ("model-index:\n- results:\n  - metrics: x", "model-index was not taken over"),
        ("co2_eq_emissions: much", "co2_eq_emissions was not taken over"),
        ("co2_eq_emissions: 1.0e+999", "co2_eq_emissions was not taken over"),
        ("co2_eq_emissions: .inf", "co2_eq_emissions was not taken over"),
        ("library_name: " + "x" * 100, "at most 80"),
        ("marketplace: 3", "marketplace was not taken over"),
        ("marketplace: {made.up: 1}", "no field 'made.up'"),
    ],
)
def test_a_wrong_shape_is_reported_and_kept(front, said):
    card = parse_readme(readme(front))
    assert any(said in warning for warning in card.warnings), card.warnings
    assert card.unmapped == {key: value for key, value in parse_readme(readme(front)).unmapped.items()}
    assert set(card.unmapped) == {front.split(":")[0]}
    assert card.values == {}


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9))


@pytest.mark.parametrize(
    ("front", "said"),
    [
        (LAUGHS, "anchors and aliases"),
        ("a: &x 1\nb: 2", "anchors and aliases"),
        ("a: *x", "anchors and aliases|undefined alias"),
        ("a: !!python/object/apply:os.system [id]", "tags"),
        ("!!set {a, b}", "tags"),
        ("[" * 5000, "nested more than 20"),
        ("- a\n- b", "not a list of keys"),
        ("just words", "not a list of keys"),
        ("a: b: c", "line 1"),
        ("a: [1, 2", "line"),
        ("a: '", "line"),
        ("\ta: 1", "line|character"),
        ("[a, b]: 1", "a key is not a word"),
        ("a: \x07", "characters"),
        ("x: " + "y" * 600_000, "KB"),
        ("\n".join(f"k{n}: [1,2,3]" for n in range(30_000)), "too many entries"),
    ],
    ids=range(16),
)
def test_a_head_that_cannot_be_read_stays_in_the_text(front, said):
    began = time.monotonic()
    card = parse_readme(readme(front))
    assert time.monotonic() - began < 3
    assert any(part in card.warnings[0] for part in said.split("|")), card.warnings
    assert card.text == readme(front)
    assert card.values == {}


def test_doubles_open_heads_and_long_texts_are_said():
    assert "twice" in parse_readme(readme("license: mit\nlicense: gpl-3.0")).warnings[0]
    assert "closing line" in parse_readme("---\nlicense: mit\n").warnings[0]
    long = parse_readme("x" * 1_000_001)
    assert len(long.text) == 1_000_000
    assert "1,000,001" in long.warnings[0]


def test_odd_keys_and_characters_become_storable():
    card = parse_readme('---\n1: a\nnull: b\ntrue: c\nx: "a\\0b"\n---\nbo\x00dy \ud800')
    assert card.unmapped == {"1": "a", "null": "b", "true": "c", "x": "a\ufffdb"}
    assert card.text == "bo\ufffddy ?"


words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
scalars = st.one_of(st.none(), st.booleans(), st.integers(-(10**17), 10**17), st.floats(-1e15, 1e15), words)
anything = st.recursive(scalars, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)), max_leaves=8)
KEYS = ["license", "license_name", "license_link", "language", "tags", "pipeline_tag", "library_name", "base_model", "datasets", "metrics"]
KEYS += ["base_model_relation", "model-index", "co2_eq_emissions", "new_version", "widget", "marketplace", "x"]
quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(st.dictionaries(st.sampled_from(KEYS), anything, max_size=6), words)
def test_what_came_in_goes_out_and_comes_in_again_the_same(front, text):
    source = f"---\n{yaml.safe_dump(front, allow_unicode=True, width=10_000)}---\n{text}"
    card = parse_readme(source)
    again = parse_readme(export_readme(*parts(card)))
    assert parts(again) == parts(card)
    assert validate(card.values, schema_for("T1", third_party=True)) == []


@st.composite
def cards(draw):
    shapes = {
        "text": words, "markdown": words, "ref": words, "list": st.lists(words, min_size=1, max_size=3),
        "number": st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9), "date": st.dates().map(str),
    }  # fmt: skip
    values = {}
    for field in draw(st.lists(st.sampled_from(schema_for("T1").fields), max_size=6, unique=True)):
        if field.options:
            one = st.sampled_from([value for value, _ in field.options])
            value = draw(one if field.type == "enum" else st.lists(one, min_size=1, max_size=3, unique=True))
        elif field.type == "rows":
            value = draw(st.lists(st.fixed_dictionaries({}, optional={n: shapes[k] for n, k in field.columns}), min_size=1, max_size=3))
        else:
            value = draw(shapes[field.type])
        if value != "":
            values[field.key] = value
    return values


@pytest.mark.parametrize("words", ["\x85", "a\u2028b", "\r", "\ufeff", " \n x", "a\n\n---\n", "\t", "#", "- a", "'", '"', "\x1b", "\U0001f600"])
def test_odd_words_survive_the_way_out_and_in(words):
    values = {"identity.name": words, "technical.tags": [words, "b"], "risk.limitations": f"a{words}\n{words}b"}
    assert parse_readme(export_readme(values, words)).values == values


@quick
@given(cards(), words)
def test_every_card_of_ours_survives_the_way_out_and_in(values, text):
    card = parse_readme(export_readme(values, text))
    assert card.values == values
    assert card.text == text


@quick
@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_no_text_makes_the_parser_fail(text):
    parse_readme(text)
    parse_readme(f"---\n{text}\n---\n")
