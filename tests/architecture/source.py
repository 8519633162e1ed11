"""The source files that the architecture tests read."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILDINGS = ("marketplace", "catalog", "governance")
FILES = sorted(p for b in BUILDINGS for p in (ROOT / b).rglob("*.py") if "migrations" not in p.parts)
ROOMS = sorted(p for b in BUILDINGS for p in (ROOT / b).iterdir() if (p / "__init__.py").exists() and p.name not in {"migrations", "management"})


@cache
def tree(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text())


def name(path: Path) -> str:
    """The path as people say it."""
    return str(path.relative_to(ROOT))
