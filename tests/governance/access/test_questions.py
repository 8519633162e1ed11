"""The questions of an owner, and the answers to them."""

import pytest

from governance.access.questions import checked_answers, in_words, problems_in, questions_in
from marketplace.errors import Invalid
from tests.governance.access.conftest import ask, rule, the_part

ASKED = [
    {"key": "purpose", "label": "What for?", "kind": "text", "required": True},
    {"key": "speed", "label": "How fast?", "kind": "choice", "options": ["slow", "fast"], "required": False},
    {"key": "agrees", "label": "I keep to the terms", "kind": "checkbox", "required": True},
    {"key": "from_day", "label": "From when?", "kind": "date"},
    {"key": "country", "label": "Where?", "kind": "country"},
]
GOOD = {"purpose": "Claims", "speed": "fast", "agrees": True, "from_day": "2027-02-28", "country": "DE"}


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ("text", "use a mapping"),
        ({"key": "Bad Key", "label": "x", "kind": "text"}, "key"),
        ({"key": "a", "label": "", "kind": "text"}, "label"),
        ({"key": "a", "label": "x" * 201, "kind": "text"}, "label"),
        ({"key": "a", "label": "x", "kind": "essay"}, "kind"),
        ({"key": "a", "label": "x", "kind": "choice"}, "options"),
        ({"key": "a", "label": "x", "kind": "choice", "options": ["b", "b"]}, "options"),
        ({"key": "a", "label": "x", "kind": "text", "options": ["b"]}, "options"),
        ({"key": "a", "label": "x", "kind": "text", "required": "yes"}, "required"),
        ({"key": "a", "label": "x", "kind": "text", "regex": ".*"}, "regex"),
        ({"key": ["a"], "label": {}, "kind": None}, "key"),
    ],
)
def test_a_question_that_is_wrong_is_told_with_its_place(item, told):
    problems = problems_in([item])
    assert problems
    assert all(p.startswith("Question 1") for p in problems)
    assert any(told in p for p in problems)


def test_good_questions_have_no_problem():
    assert problems_in(ASKED) == []
    assert problems_in("x") == ["Use a list of questions."]
    assert problems_in([ASKED[0]] * 2) == ["Question 2: the key 'purpose' is there twice."]
    assert problems_in([ASKED[0]] * 13) == ["Ask at most 12 questions."]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, set()),
        ({"purpose": "  "}, {"purpose"}),
        ({"agrees": False}, {"agrees"}),
        ({"agrees": "yes"}, {"agrees"}),
        ({"speed": "warp"}, {"speed"}),
        ({"from_day": "28.2.2027"}, {"from_day"}),
        ({"from_day": "2027-02-29"}, {"from_day"}),
        ({"country": "XX"}, {"country"}),
        ({"purpose": 7}, {"purpose"}),
        ({"purpose": "x" * 2_001}, {"purpose"}),
        ({"nobody_asked": "x"}, {"nobody_asked"}),
    ],
)
def test_answers_fit_or_are_named(change, wrong):
    kept, problems = checked_answers(questions_in(ASKED), GOOD | change)
    assert problems.keys() == wrong
    assert not wrong or not wrong & kept.keys()


def test_answers_are_shown_in_words():
    assert [row["value"] for row in in_words(questions_in(ASKED), GOOD)] == ["Claims", "fast", "Yes", "2027-02-28", "Germany"]


def test_a_request_answers_what_the_owners_ask(cast, model):
    rule(model, cast.paul, questions=ASKED)
    model.refresh_from_db()
    with pytest.raises(Invalid) as wrong:
        ask(model, cast.ivo, answers={str(model): {"country": "XX", "colour": "red"}, "sales/other": {}})
    name = f"answers.{model}."
    assert wrong.value.fields.keys() == {name + "purpose", name + "agrees", name + "country", name + "colour", "answers.sales/other"}
    request = ask(model, cast.ivo, answers={str(model).upper(): GOOD})
    assert the_part(request).answers == GOOD
