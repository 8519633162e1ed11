"""What checks judge by, as data: files that are reviewed like code, each with a digest that becomes part of its checks' versions.

`RULES_FOLDER` may hold files of the same names, which then take the place of ours: a company's own licences, signers and limits.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

HERE = Path(__file__).parent
NAMES = frozenset(path.stem for path in HERE.glob("*.yaml"))


class RulesBroken(ValueError):
    """A file of rules cannot be read, so the checks that need it could not run; the sentence names it."""


@dataclass(frozen=True)
class Rules:
    """The rules of one file, and the digest of its bytes."""

    data: dict[str, Any]
    digest: str


def rules(name: str) -> Rules:
    """Return the rules of this name, as they were when the process started."""
    own = Path(settings.RULES_FOLDER) / f"{name}.yaml" if settings.RULES_FOLDER else None
    return _read(str(own) if own is not None and own.is_file() else str(HERE / f"{name}.yaml"))


def version_with(number: int, *names: str) -> str:
    """Return the version of a check: the number of its code, and a digest of the rules it judges by."""
    try:
        digests = "".join(rules(name).digest for name in names)
    except RulesBroken:
        return f"{number}-unreadable"
    return f"{number}-{hashlib.sha256(digests.encode()).hexdigest()[:10]}"


@cache
def _read(place: str) -> Rules:
    try:
        raw = Path(place).read_bytes()
        data = yaml.safe_load(raw.decode())
    except (OSError, ValueError, yaml.YAMLError) as fault:
        raise RulesBroken(f"The rules in {Path(place).name} cannot be read ({type(fault).__name__}); mend the file and start again.") from fault
    if not isinstance(data, dict):
        raise RulesBroken(f"The rules in {Path(place).name} are no list of names with values; mend the file and start again.")
    return Rules(data, hashlib.sha256(raw).hexdigest())
