"""Rule sets: data that decides verdicts, each file with a version of its own; the readers' version changes with any of them."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import yaml

# Raise it when code of the readers changes a verdict; a change of the files below counts by itself.
CODE_VERSION = 2

_FOLDER = Path(__file__).parent


@cache
def load(name: str) -> dict[str, Any]:
    """Return the rule set of this name; it is ours, and each has a version."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = yaml.load((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - one of the two safe loaders
    if not isinstance(found, dict) or type(found.get("version")) is not int:
        raise RuntimeError(f"The rule set {name} has no version.")
    return found


@cache
def names(name: str, key: str) -> frozenset[str]:
    """Return one list of names of a rule set; groups in it only have titles for people."""
    found = load(name)[key]
    lists = found.values() if isinstance(found, dict) else [found]
    return frozenset(str(item) for items in lists for item in items)


def files() -> list[Path]:
    """Return all rule sets, in a fixed order."""
    return sorted(_FOLDER.glob("*.yaml"))


def version() -> str:
    """Return what every stored verdict carries: the version of the code, and a digest over all rule sets."""
    found = hashlib.sha256()
    for path in files():
        found.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return f"{CODE_VERSION}.{found.hexdigest()[:10]}"
