"""Every code that a refusal carries is explained on /docs/errors, with the status that it has."""

import ast
from pathlib import Path

import pytest

from catalog.artifacts.gate import STOPPED
from marketplace import errors
from marketplace.web.problems import explained

ROOT = Path(__file__).resolve().parents[2]
KINDS = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.DomainError)}


def refusals():
    """Code, status and place of every refusal in the code; no status where it is set by hand."""
    for room in ("marketplace", "catalog", "governance"):
        for file in (ROOT / room).rglob("*.py"):
            for call in ast.walk(ast.parse(file.read_text())):
                if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id not in KINDS:
                    continue
                codes = [keyword.value for keyword in call.keywords if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)]
                kind = KINDS[call.func.id]
                yield from ((code.value, None if kind is errors.DomainError else kind.status, f"{file.name}:{call.lineno}") for code in codes)
    yield from ((code, 403, "gate") for code, _, _ in STOPPED.values())


FOUND = sorted(refusals(), key=str)


def test_there_are_refusals_to_look_at():
    assert len(FOUND) > 40


@pytest.mark.parametrize(("code", "status", "place"), FOUND, ids=str)
def test_a_code_is_explained_with_its_status(code, status, place):
    rows = {row[0]: row for row in explained()}
    assert code in rows, f"{place} says {code}: explain it in marketplace/web/problems.py"
    assert status is None or rows[code][2] == status or f"{status}." in rows[code][3], f"{place} answers {status}"


def test_no_explanation_is_of_a_code_that_nothing_says():
    general = {kind.code for kind in KINDS.values()} | {code for code, *_ in errors.ABOUT_THE_REQUEST}
    assert {row[0] for row in explained()} - general == {code for code, _, _ in FOUND} - general
