"""The rules of now: which checks there are, in which version, and which lists they judge by; one digest names them all.

A check is one of `checks.CHECKS`, or comes from another package by the entry point group `marketplace.checks` (a class, or a list of
instances). What cannot be loaded stays in the list as a check that could not run: nobody takes a rule away by breaking it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import structlog

from catalog.artifacts import readers
from catalog.artifacts.readers.types import READERS_VERSION
from governance.validation import checks
from governance.validation.checks.base import Check, CheckAnswer, Subject
from governance.validation.models import RuleSet
from governance.validation.plugins.clamav import antivirus
from governance.validation.states import SECURITY, STAGES, Severity, Verdict
from marketplace.identifiers import digest

log = structlog.get_logger(__name__)
GROUP = "marketplace.checks"
CODE = {".py", ".pyc", ".pyi", ".so"}


@dataclass(frozen=True)
class Rules:
    """The checks of now, in the order of their stages, and everything that decides what they say."""

    digest: str
    content: Mapping[str, Any]
    checks: tuple[Check, ...]


class NotThere:
    """Stands for a check that was installed and cannot be loaded: it could not run."""

    version = "0"
    stage = SECURITY

    def __init__(self, name: str, why: str) -> None:
        self.id, self.title, self.why = f"plugin-{name}"[:40], f"The check {name}"[:120], why

    def run(self, subject: Subject) -> CheckAnswer:
        """Say that it is not there."""
        return CheckAnswer(Verdict.ERROR, f"{self.title} is installed and cannot be loaded ({self.why}).", {"subject": subject.version})


def present_checks() -> tuple[Check, ...]:
    """Return the checks of now: ours, those that settings turn on, those of other packages; by stage, and within it as they are named."""
    known: dict[str, Check] = {}
    for check in (*checks.CHECKS, *antivirus(), *_plugged_in()):
        if check.id in known:
            log.error("check_named_twice", check=check.id)
            check = NotThere(check.id, "another check has this id")  # noqa: PLW2901 - what stands in for it
        known[check.id] = check
    return tuple(sorted(known.values(), key=lambda check: STAGES.index(check.stage)))


@lru_cache(maxsize=1)
def _plugged_in() -> tuple[Check, ...]:
    return tuple(check for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name) for check in loaded(entry))


def loaded(entry: EntryPoint) -> list[Check]:
    """Return the checks behind one entry point; one that stands for them when they are not usable."""
    try:
        made = entry.load()
        found = list(made) if isinstance(made, list | tuple) else [made() if isinstance(made, type) else made]
        for check in found:
            _require_usable(check)
    except Exception as fault:
        log.exception("check_not_loaded", name=entry.name)
        return [NotThere(entry.name, type(fault).__name__)]
    return found


def _require_usable(check: Any) -> None:
    texts = {"id": 40, "version": 20, "stage": 20, "title": 120}
    wrong = [name for name, most in texts.items() if not isinstance(getattr(check, name, None), str) or not 0 < len(getattr(check, name)) <= most]
    if wrong or check.stage not in STAGES or not callable(getattr(check, "run", None)):
        raise ValueError(f"a check needs {', '.join(wrong) or 'one of the known stages and a method run'}")


def present() -> Rules:
    """Return the rules of now."""
    found = present_checks()
    known = _known_engines() if any(hasattr(check, "engine") for check in found) else {}
    content = {
        "readers": READERS_VERSION,
        "lists": dict(data_files()),
        "checks": [described(check, known.get(check.id, "")) for check in found],
    }
    return Rules(digest(content), content, found)


def described(check: Check, known: str = "") -> dict[str, Any]:
    """Return what of a check is a rule; `known` is the engine it used before, for when the engine does not answer."""
    row: dict[str, Any] = {
        "id": check.id,
        "version": check.version,
        "stage": check.stage,
        "title": check.title,
        "severity": severity_of(check),
        "tiers": sorted(getattr(check, "tiers", ())),
    }
    if data := getattr(check, "data", ()):
        row["data"] = {Path(path).name: file_digest(Path(path)) for path in data}
    if hasattr(check, "engine"):
        row["engine"] = check.engine() or known
    return row


def severity_of(check: Check) -> str:
    """Return how grave it is when this check fails."""
    said = str(getattr(check, "severity", Severity.HIGH))
    return said if said in Severity.values else str(Severity.HIGH)


def _known_engines() -> dict[str, str]:
    """Return per check the engine that the newest rule set names: a scanner that is away for a moment changes no rule."""
    newest = RuleSet.objects.order_by("-first_used_at").values_list("content", flat=True).first() or {}
    return {str(row.get("id")): str(row["engine"]) for row in newest.get("checks", []) if row.get("engine")}


@lru_cache(maxsize=1)
def data_files() -> tuple[tuple[str, str], ...]:
    """Return every list that readers and checks judge by, with its sha256: changing one is changing a rule."""
    roots = {"readers": Path(readers.__file__).parent, "checks": Path(checks.__file__).parent}
    return tuple((f"{name}/{path.relative_to(root)}", file_digest(path)) for name, root in roots.items() for path in _lists(root))


def _lists(root: Path) -> Iterable[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file() and path.suffix not in CODE)


def file_digest(path: Path) -> str:
    """Return the sha256 of a list."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def readers_rules() -> str:
    """Return the version of the readers and of the lists they judge by, in one word."""
    own = [row for row in data_files() if row[0].startswith("readers/")]
    return f"{READERS_VERSION}-{digest(own)[:16]}"
