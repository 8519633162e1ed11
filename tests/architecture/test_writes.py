"""Rows change in actions.py, work.py and lifecycle.py, and nowhere else."""

import ast

import pytest

from tests.architecture.source import FILES, ROOT, name, tree

WRITES = {"create", "bulk_create", "update_or_create", "get_or_create", "bulk_update", "save", "delete"}
WRITERS = {"actions", "work", "lifecycle"}
# Not rows: a file store, a template engine, a dictionary. Each with what its call really does.
ALLOWED = {
    ("catalog/artifacts/storage.py", "delete"): "removes bytes from the store, called by actions",
    ("catalog/artifacts/storage.py", "save"): "writes bytes to the store, called by actions",
    ("marketplace/accounts/sessions.py", "delete"): "forgets a session; the shape is Django's",
    ("marketplace/local/doctor.py", "save"): "probes the file store",
    ("marketplace/local/doctor.py", "delete"): "removes its probe from the file store",
}


def writes(path):
    """Calls that change rows."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in WRITES and (name(path), node.func.attr) not in ALLOWED:
                yield f"line {node.lineno}: .{node.func.attr}()"
            # .filter(…).update(…) and .objects.update(…): dictionaries have no .filter
            inside = node.func.value
            chained = isinstance(inside, ast.Call) and isinstance(inside.func, ast.Attribute)
            if node.func.attr == "update" and chained and inside.func.attr in {"filter", "exclude", "all"}:
                yield f"line {node.lineno}: .update()"


def may_write(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return bool(WRITERS & set(parts)) or "management" in parts


@pytest.mark.parametrize("path", [p for p in FILES if not may_write(p)], ids=name)
def test_only_actions_and_work_write(path):
    assert not list(writes(path)), "move it to actions.py or work.py"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_an_existing_row_is_never_saved_whole(path):
    """A bare .save() on a row that exists loses what others changed: narrow updates or move() do not."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "save":
            whole = not node.args and not node.keywords
            assert not whole, f"line {node.lineno}: say force_insert or use a narrow update"
