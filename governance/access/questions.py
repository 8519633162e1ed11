"""The questions an owner puts to whoever asks for access, and whether answers fit them; pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypedDict

from governance.access.countries import COUNTRIES
from governance.access.states import AnswerKind

MOST_QUESTIONS, MOST_OPTIONS, LONGEST_LABEL, LONGEST_ANSWER = 12, 30, 200, 2_000
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
FIELDS = {"key", "label", "kind", "options", "required"}
Answer = str | bool


class StoredQuestion(TypedDict):
    """A question as it lies in the database."""

    key: str
    label: str
    kind: str
    options: list[str]
    required: bool


@dataclass(frozen=True)
class Question:
    """One question: its key, the words people read, how it is answered, and whether it must be."""

    key: str
    label: str
    kind: str
    options: tuple[str, ...] = ()
    is_required: bool = False

    def stored(self) -> StoredQuestion:
        """Return it as it is kept."""
        return {"key": self.key, "label": self.label, "kind": self.kind, "options": list(self.options), "required": self.is_required}


def questions_in(stored: Sequence[Mapping[str, Any]]) -> list[Question]:
    """Read questions that were checked when they were stored."""
    return [Question(str(q["key"]), str(q["label"]), str(q["kind"]), tuple(q.get("options", ())), bool(q.get("required"))) for q in stored]


def problems_in(items: object) -> list[str]:
    """Say everything that is wrong with a list of questions, each with its place."""
    if not isinstance(items, list):
        return ["Use a list of questions."]
    if len(items) > MOST_QUESTIONS:
        return [f"Ask at most {MOST_QUESTIONS} questions."]
    problems, seen = [], set()
    for place, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            problems.append(f"Question {place}: use a mapping with {', '.join(sorted(FIELDS))}.")
            continue
        problems += [f"Question {place}: {problem}" for problem in _problems_of(item)]
        if str(item.get("key")) in seen:
            problems.append(f"Question {place}: the key {item['key']!r} is there twice.")
        seen.add(str(item.get("key")))
    return problems


def _problems_of(item: Mapping[str, Any]) -> list[str]:
    problems = [f"there is no such field as {name!r}; use {', '.join(sorted(FIELDS))}." for name in sorted(item.keys() - FIELDS)]
    if not isinstance(item.get("key"), str) or not KEY.match(item["key"]):
        problems.append("key: use small letters, digits and underscores, starting with a letter.")
    if not isinstance(item.get("label"), str) or not 1 <= len(item["label"].strip()) <= LONGEST_LABEL:
        problems.append(f"label: ask in 1 to {LONGEST_LABEL} characters.")
    if item.get("kind") not in AnswerKind.values:
        problems.append(f"kind: use one of {', '.join(AnswerKind.values)}.")
    if not isinstance(item.get("required", False), bool):
        problems.append("required: use true or false.")
    options = item.get("options", [])
    wants = item.get("kind") == AnswerKind.CHOICE
    if not _are_words(options) or wants != bool(options):
        problems.append(f"options: name 1 to {MOST_OPTIONS} different texts for the kind choice, and none for any other.")
    return problems


def _are_words(options: object) -> bool:
    if not isinstance(options, list) or len(options) > MOST_OPTIONS:
        return False
    return all(isinstance(o, str) and 1 <= len(o.strip()) <= LONGEST_LABEL for o in options) and len(set(options)) == len(options)


def checked_answers(questions: Sequence[Question], answers: Mapping[str, Any]) -> tuple[dict[str, Answer], dict[str, str]]:
    """Return the answers that fit, and for each that does not what to mend; what nobody asked is refused by name."""
    known = {question.key for question in questions}
    wrong = {str(key)[:60]: "Nobody asked this; leave it out." for key in answers if key not in known}
    kept: dict[str, Answer] = {}
    for question in questions:
        value = answers.get(question.key)
        if value is None or (isinstance(value, str) and not value.strip()) or value is False:
            if question.is_required:
                wrong[question.key] = "Tick it." if question.kind == AnswerKind.CHECKBOX else "Answer this."
            elif question.kind == AnswerKind.CHECKBOX:
                kept[question.key] = False
            continue
        if problem := _misfit(question, value):
            wrong[question.key] = problem
        else:
            kept[question.key] = value.strip() if isinstance(value, str) else value
    return kept, wrong


def _misfit(question: Question, value: Any) -> str:
    """Say why a value does not answer a question; nothing when it does."""
    if question.kind == AnswerKind.CHECKBOX:
        return "" if value is True else "Use true or false."
    if not isinstance(value, str):
        return "Answer with a text."
    text = value.strip()
    if question.kind == AnswerKind.CHOICE:
        return "" if text in question.options else f"Use one of {', '.join(question.options)}."
    if question.kind == AnswerKind.COUNTRY:
        return "" if text in COUNTRIES else "Use the two letters of a country, such as DE."
    if question.kind == AnswerKind.DATE:
        return "" if _is_date(text) else "Use a date such as 2027-03-31."
    return "" if len(text) <= LONGEST_ANSWER else f"Answer in at most {LONGEST_ANSWER} characters."


def _is_date(text: str) -> bool:
    try:
        return len(text) == len("2027-03-31") and bool(date.fromisoformat(text))
    except ValueError:
        return False


def in_words(questions: Sequence[Question], answers: Mapping[str, Answer]) -> list[dict[str, str]]:
    """Return label and answer as people read them; an answer whose question is gone keeps its key."""
    labels = {question.key: question for question in questions}
    shown = []
    for key, value in answers.items():
        question = labels.get(key)
        text = ("Yes" if value else "No") if isinstance(value, bool) else str(value)
        if question is not None and question.kind == AnswerKind.COUNTRY:
            text = COUNTRIES.get(text, text)
        shown.append({"label": question.label if question else key, "value": text})
    return shown
