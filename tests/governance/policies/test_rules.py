"""Answers lead to a tier by the published rules, and silence never makes a tier more lenient."""

import itertools
import random

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.policies.rules import TIERS, PolicyError, auto_approves, load_policy, starter_text, tier_of, tracks_for, waiver_needed

STARTER = load_policy(starter_text())
CALM = {"data_class": "public", "affected": "nobody", "autonomy": "advice", "exposure": "low", "purpose": "internal", "scope": "sandbox"}
OWN = {"origin": "internal", "executes_code": False}


def tier(answers=None, facts=None):
    return tier_of({**CALM, **(answers or {})}, {**OWN, **(facts or {})}, STARTER)


def test_six_questions_are_asked():
    assert len(STARTER.questions) == 6


@pytest.mark.parametrize(
    ("answers", "facts", "expected"),
    [
        ({}, {}, "T4"),
        ({"scope": "minimal"}, {}, "T3"),
        ({"data_class": "internal"}, {}, "T3"),
        ({"exposure": "medium"}, {}, "T3"),
        ({"autonomy": "human_on_loop"}, {}, "T3"),
        ({"data_class": "personal"}, {}, "T2"),
        ({"autonomy": "autonomous"}, {}, "T2"),
        ({"purpose": "customer_facing"}, {}, "T2"),
        ({"purpose": "credit"}, {}, "T2"),
        ({"exposure": "high"}, {}, "T2"),
        ({"affected": "public"}, {}, "T2"),
        ({}, {"origin": "open", "executes_code": True}, "T2"),
        ({}, {"origin": "internal", "executes_code": True}, "T4"),
        ({}, {"origin": "open", "executes_code": False}, "T4"),
        ({"purpose": "credit", "exposure": "high"}, {}, "T1"),
        ({"scope": "high"}, {}, "T1"),
        ({"affected": "vulnerable", "autonomy": "autonomous"}, {}, "T1"),
    ],
)
def test_the_starter_rule(answers, facts, expected):
    result = tier(answers, facts)
    assert result.tier == expected
    assert len(result.because) == 1
    assert not result.blocked


def test_a_prohibited_practice_is_blocked_only_when_it_was_said():
    assert tier({"scope": "prohibited"}).blocked
    assert not tier({"scope": None}).blocked
    assert tier({"scope": None}).tier == "T1"


def test_no_answer_at_all_is_the_strictest_tier():
    result = tier_of({}, {}, STARTER)
    assert result.tier == "T1"
    assert "Not answered yet" in result.because[1]


@pytest.mark.parametrize("value", [None, "", "made up", 3, ["public"], {"a": 1}])
def test_an_unknown_answer_counts_as_none(value):
    assert tier({"data_class": value}).tier == "T2"


def test_unknown_facts_are_read_strictly():
    assert tier_of(CALM, {}, STARTER).tier == "T2"
    assert tier_of(CALM, {"origin": "open"}, STARTER).tier == "T2"
    assert tier_of(CALM, {"origin": "internal"}, STARTER).tier == "T4"


def test_the_reason_names_the_open_questions():
    assert "Which data will it see" in tier({"data_class": None}).because[1]


def rank(result):
    return TIERS.index(result.tier)


@settings(max_examples=300, deadline=None)
@given(st.fixed_dictionaries({q.key: st.sampled_from([o for o, _ in q.options]) for q in STARTER.questions}), st.data())
def test_leaving_answers_out_never_makes_the_tier_more_lenient(answers, data):
    facts = {name: data.draw(st.sampled_from(sorted(values))) for name, values in STARTER.facts}
    left_out = data.draw(st.sets(st.sampled_from(sorted(answers) + sorted(facts))))
    fewer = {key: value for key, value in answers.items() if key not in left_out}
    known = {key: value for key, value in facts.items() if key not in left_out}
    assert rank(tier_of(fewer, known, STARTER)) <= rank(tier_of(answers, facts, STARTER))


def test_with_every_answer_given_the_first_matching_rule_decides():
    pick = random.Random(7)
    options = [[o for o, _ in q.options] for q in STARTER.questions]
    for values in pick.sample(list(itertools.product(*options)), 500):
        answers = dict(zip([q.key for q in STARTER.questions], values, strict=True))
        given = answers | {"fact.origin": "open", "fact.executes_code": "yes"}
        first = next(rule for rule in STARTER.rules if all(given[name] in wanted for name, wanted in rule.when))
        result = tier_of(answers, {"origin": "open", "executes_code": "yes"}, STARTER)
        assert (result.tier, result.because, result.blocked) == (first.tier, [first.because], first.blocked)


def needs(name, facts):
    return {need.key: need.quorum for need in tracks_for(name, facts, STARTER)}


def test_the_tracks_of_each_tier():
    assert needs("T1", {}) == {"model_risk": 1, "security": 1, "business_owner": 1}
    assert needs("T2", {}) == {"technical": 1, "security": 1}
    assert needs("T3", {"worst_finding": ""}) == {"technical": 1}


@pytest.mark.parametrize(("worst", "automatic"), [("", True), ("info", True), ("low", True), ("medium", False), ("critical", False), ("odd", False)])
def test_only_the_lowest_tier_is_automatic_and_only_without_findings_that_matter(worst, automatic):
    assert auto_approves("T4", worst, STARTER) is automatic
    assert needs("T4", {"worst_finding": worst}) == ({} if automatic else {"technical": 1})
    assert not any(auto_approves(name, worst, STARTER) for name in ("T1", "T2", "T3"))


@pytest.mark.parametrize("facts", [{}, {"worst_finding": None}, {"worst_finding": 0}])
def test_nothing_is_automatic_while_the_findings_are_unknown(facts):
    assert needs("T4", facts) == {"technical": 1}


def test_times_and_waivers():
    assert [STARTER.requires(name).valid_days for name in TIERS] == [365, 540, 730, 90]
    assert [STARTER.requires(name).stop_grace_days for name in TIERS] == [30, 30, 30, 0]
    assert [STARTER.requires(name).decision_days for name in TIERS] == [15, 7, 3, 1]
    assert [waiver_needed(name, "pickle", STARTER) for name in TIERS] == [True, True, None, None]
    assert waiver_needed("T3", "failed_check", STARTER) is False


def broken(change):
    source = yaml.safe_load(starter_text())
    change(source)
    with pytest.raises(PolicyError) as caught:
        load_policy(yaml.safe_dump(source, sort_keys=False))
    return caught.value.problems


def at(*path, value):
    def change(source):
        for step in path[:-1]:
            source = source[step]
        if value is ...:
            del source[path[-1]]
        else:
            source[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (at("name", value=...), "name: is missing"),
        (at("name", value=3), "name: is not a text"),
        (at("version", value=True), "version: is not"),
        (at("version", value=-1), "version: counts from 1"),
        (at("extra", value=1), "extra: there is no such key"),
        (at("questions", value=[]), "questions: is empty"),
        (at("questions", 0, value="x"), "questions[1]: is not a mapping"),
        (at("questions", 1, "options", value={}), "questions[2].options"),
        (at("questions", 1, "options", value={True: "Yes"}), "questions[2].options"),
        (at("questions", 1, "key", value="data_class"), "questions[2].key: 'data_class' is taken"),
        (at("questions", 0, "help", value=...), "questions[1].help: is missing"),
        (at("facts", "origin", value=[True]), "facts.origin"),
        (at("tracks", value={"a": 1}), "tracks: is not"),
        (at("tiers", 1, value="T1"), "tiers[2]: is not a mapping"),
        (at("tiers", 0, "tier", value="T9"), "tiers[1].tier: 'T9'"),
        (at("tiers", 0, "because", value=" "), "tiers[1].because"),
        (at("tiers", 0, "blocked", value="yes"), "tiers[1].blocked"),
        (at("tiers", 0, "when", value=["x"]), "tiers[1].when"),
        (at("tiers", 0, "when", value={}), "tiers[1]: has no condition"),
        (at("tiers", 0, "when", "scoop", value=["high"]), "tiers[1].when.scoop: there is no such question"),
        (at("tiers", 0, "when", "scope", value=["hi"]), "tiers[1].when.scope: 'hi' is not one of its options"),
        (at("tiers", 0, "when", "scope", value="high"), "tiers[1].when.scope: is not a list"),
        (at("tiers", -1, value=...), "the last rule must have no condition"),
        (at("requirements", "T2", value=...), "requirements.T2: is missing"),
        (at("requirements", "T5", value={}), "requirements.T5: there is no such key"),
        (at("requirements", "T2", value=3), "requirements.T2: is not a mapping"),
        (at("requirements", "T2", "tracks", "securty", value=1), "requirements.T2.tracks.securty: there is no such track"),
        (at("requirements", "T2", "tracks", "security", value=0), "requirements.T2.tracks.security: 0 is not"),
        (at("requirements", "T2", "tracks", value={}), "requirements.T2.tracks: nobody would decide"),
        (at("requirements", "T4", "fallback_tracks", value={}), "requirements.T4.tracks: nobody would decide"),
        (at("requirements", "T3", "auto_approve_below", value="low"), "only T4"),
        (at("requirements", "T4", "auto_approve_below", value="scary"), "'scary' is not one of"),
        (at("requirements", "T1", "valid_days", value=0), "requirements.T1.valid_days: 0 is not"),
        (at("requirements", "T1", "stop_grace_days", value="30"), "requirements.T1.stop_grace_days"),
        (at("requirements", "T1", "decision_days", value=...), "requirements.T1.decision_days: is missing"),
        (at("requirements", "T1", "waivers", value="pickle"), "requirements.T1.waivers"),
        (at("requirements", "T3", "waiver_needed", value=["pickle"]), "'pickle' is not among the waivers"),
    ],
)
def test_a_mistake_in_a_policy_is_named_with_its_place(change, place):
    problems = broken(change)
    assert any(place in problem for problem in problems), problems


def test_every_mistake_is_named_not_only_the_first():
    def change(source):
        source["tiers"][0]["tier"] = "T9"
        source["tiers"][3]["because"] = 3
        source["requirements"]["T1"]["valid_days"] = -5

    assert len(broken(change)) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a mapping"),
        ("- a", "not a mapping"),
        ("a: [", "line 2"),
        ("a: 1\na: 2", "line 2: 'a' is there twice"),
        ("a: &x 1\nb: *x", "aliases"),
        ("a: 1\nb: &x 2", "line 2: anchors"),
        ("a: !!python/name:os.system x", "line 1"),
        ("a: [" + "1," * 100_000 + "]", "too many entries"),
        ("x" * 300_000, "characters"),
        ("[" * 100_000, "nested more than 20"),
        ("{[a]: 1}", "YAML|line"),
    ],
    ids=range(11),
)
def test_text_that_is_no_policy_is_refused(text, said):
    with pytest.raises(PolicyError) as caught:
        load_policy(text)
    assert any(part in caught.value.problems[0] for part in said.split("|")), caught.value.problems
