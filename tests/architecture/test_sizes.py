"""Files and functions stay small enough to be read in one sitting, and say what they are."""

import ast

import pytest

from tests.architecture.source import FILES, ROOMS, ROOT, name, tree


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_is_short_and_says_what_it_is(path):
    assert path.read_text().count("\n") <= 400, "make it a folder of smaller files"
    assert ast.get_docstring(tree(path)), "say in one sentence what lives here"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 60, f"{node.name} is too long"


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=name)
def test_a_file_of_tests_is_short(path):
    assert path.read_text().count("\n") <= 400, "make it a folder of smaller files"


@pytest.mark.parametrize("path", sorted((ROOT / "static/js").rglob("*.js")), ids=name)
def test_a_script_does_one_thing(path):
    assert path.read_text().count("\n") <= 100


@pytest.mark.parametrize("room", ROOMS, ids=name)
def test_a_room_says_what_it_is(room):
    assert ast.get_docstring(tree(room / "__init__.py"))
