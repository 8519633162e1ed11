"""What software a model asks for: requirements, a project's dependencies, a conda or MLflow environment.

What parses them is imported where it is used: most versions ask for nothing.
"""

import importlib
import re
from collections.abc import Iterator
from typing import Any

LINES = re.compile(r"(requirements|constraints)[\w.-]*\.(txt|in)")
ENVIRONMENTS = frozenset({"conda.yaml", "conda.yml", "environment.yaml", "environment.yml", "python_env.yaml"})
MOST = 1000
MOST_YAML = 512 * 1024
CONDA = re.compile(r"(?:[\w.-]+::)?([A-Za-z0-9][\w.-]*)\s*(?:(=|==|>=|<=|>|<)\s*([\w.*+!-]+))?.*")


def is_one(name: str) -> bool:
    """Whether a file says which software is needed, by its name."""
    base = name.rpartition("/")[2].lower()
    return bool(LINES.fullmatch(base)) or base in ENVIRONMENTS or base == "pyproject.toml"


def read(text: str, name: str) -> dict[str, Any]:
    """Return one row per requirement, and the lines that are none; "broken" with the reason when the file cannot be read."""
    base = name.rpartition("/")[2].lower()
    try:
        if base == "pyproject.toml":
            wanted = list(_project(importlib.import_module("tomllib").loads(text)))
        elif base in ENVIRONMENTS:
            wanted = list(_environment(_yaml(text)))
        else:
            wanted = [("pypi", line) for line in _lines(text)]
    except (ValueError, RecursionError, AttributeError, TypeError) as fault:
        return {"broken": type(fault).__name__}
    rows = [(line, _row(kind, line)) for kind, line in wanted[:MOST]]
    return {
        "requires": [row for _, row in rows if row],
        "unread": [line[:100] for line, row in rows if not row][:20] + (["and more"] if len(wanted) > MOST else []),
    }


def _lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        wanted = re.sub(r"(^|\s)#.*$", "", line).strip()
        wanted = re.sub(r"\s--hash=\S+", "", wanted)
        if wanted:
            yield wanted


def _yaml(text: str) -> Any:
    yaml = importlib.import_module("yaml")
    if len(text) > MOST_YAML:
        raise ValueError("it is too long")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as fault:
        raise ValueError("it is no YAML") from fault


def _project(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    project = value.get("project", {})
    for line in project.get("dependencies", []):
        yield "pypi", str(line)
    for lines in project.get("optional-dependencies", {}).values():
        yield from (("pypi", str(line)) for line in lines)


def _environment(value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        return
    plain = "conda" if "channels" in value or "name" in value else "pypi"
    for item in value.get("dependencies") or []:
        if isinstance(item, dict):
            yield from (("pypi", str(line)) for line in item.get("pip") or [])
        elif not str(item).startswith("-r"):
            yield plain, str(item)


def _row(kind: str, line: str) -> dict[str, str] | None:
    if kind == "conda":
        match = CONDA.fullmatch(line.strip())
        if not match:
            return None
        operator, version = match.group(2) or "", match.group(3) or ""
        pinned = version if operator in {"=", "=="} and "*" not in version else ""
        return {"name": match.group(1).lower(), "wanted": f"{operator}{version}"[:200], "version": pinned[:100], "kind": kind}
    packaging = importlib.import_module("packaging.requirements")
    try:
        wanted = packaging.Requirement(line)
    except packaging.InvalidRequirement:
        return None
    if wanted.url:
        return None
    exact = [item.version for item in wanted.specifier if item.operator in {"==", "==="} and "*" not in item.version]
    name = re.sub(r"[-_.]+", "-", wanted.name).lower()
    return {"name": name[:200], "wanted": str(wanted.specifier)[:200], "version": exact[0][:100] if exact else "", "kind": kind}
