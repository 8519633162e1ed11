"""A room shows others its models, queries, actions, states and permissions; the rest is private."""

import ast

import pytest

from tests.architecture.source import BUILDINGS, FILES, ROOT, name, tree

PRIVATE = {"views", "api", "forms", "serializers", "admin", "tasks", "work"}
UNSAFE = {"pickle", "joblib", "marshal", "shelve", "dill", "cloudpickle"}
CALLS_OUT = ("requests", "httpx", "urllib.request", "urllib3", "http.client", "socket", "aiohttp", "ftplib", "telnetlib", "websockets")
DOORS = {
    "marketplace/outbound.py",  # the one that leads outside
    "governance/validation/plugins/clamav.py",  # speaks with the clamd that a setting names; its protocol is none of the web
    # These speak over a unix socket of this machine with the scanner, and try inside the sandbox that no socket opens.
    "marketplace/sandbox/client.py", "marketplace/sandbox/service.py", "marketplace/sandbox/inside/selftest.py",
}  # fmt: skip
WRITES_ONE = "governance/management/demo/artifacts.py"  # makes a harmless pickle for the demo world; it reads none


def imports(path):
    """What a file imports, as dotted names with the line."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nobody_reaches_into_a_private_file_of_another_room(path):
    here = path.relative_to(ROOT).with_suffix("").parts
    if here[-1] in {"urls", "api_urls"} or "management" in here:
        return
    for full, line in imports(path):
        parts = full.split(".")
        reaches = parts[0] in BUILDINGS and len(parts) > 2 and parts[2] in PRIVATE and parts[1] not in {"api", "web"}
        assert not reaches or tuple(parts[:2]) == here[:2], f"line {line} reaches into {full}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nothing_that_came_with_a_file_is_ever_unpickled(path):
    if name(path) == WRITES_ONE:
        calls = {n.func.attr for n in ast.walk(tree(path)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}
        assert not calls & {"load", "loads", "Unpickler"}
        return
    for full, line in imports(path):
        assert full.split(".")[0] not in UNSAFE, f"line {line} imports {full}"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant), "allow_pickle must be the constant False"
            assert node.value.value is False


@pytest.mark.parametrize("path", [p for p in FILES if not name(p).startswith("marketplace/local/")], ids=name)
def test_nothing_calls_out_but_the_one_door(path):
    """`marketplace/local` speaks with the services it starts on this machine."""
    for full, line in imports(path):
        way = next((way for way in CALLS_OUT if full == way or full.startswith(f"{way}.")), None)
        assert way is None or name(path) in DOORS, f"line {line} imports {full}: use marketplace.outbound"


@pytest.mark.parametrize("path", [p for p in FILES if p.stem in {"views", "api"}], ids=name)
def test_views_ask_queries_and_call_actions(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            assert node.attr != "objects", f"line {node.lineno}: a view asks a query"
