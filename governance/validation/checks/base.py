"""What a check is: it looks at a subject and answers; pure, so that it can neither write nor wait for anybody."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from catalog.artifacts.readers.types import Reading
from catalog.cards.schema import CardSchema
from governance.validation.states import WORST_FIRST, Severity, Verdict

HOSTED = "A vendor serves this model; there are no files here."


@dataclass(frozen=True)
class SubjectFile:
    """A file as the manifest names it, and where its bytes lie now; None when they cannot be found."""

    path: str
    size: int
    sha256: str
    local: Path | None


@dataclass(frozen=True)
class SubjectCard:
    """The pinned card with everything that is known besides: values, where each is from, and the duties of the tier."""

    revision: int
    values: Mapping[str, object]
    sources: Mapping[str, str]
    schema: CardSchema


@dataclass(frozen=True)
class Subject:
    """Everything a check may look at, gathered once per run."""

    version: str
    hosted: bool
    tier: str
    manifest_digest: str
    files: tuple[SubjectFile, ...]
    readings: Mapping[str, Reading]
    card: SubjectCard
    waivers: Mapping[str, bool | None]  # matter -> a waiver is needed (True), possible (False) or impossible (None) in this tier
    beat: Callable[[], None]  # to be called during long work: keeps the lease, or raises when it was lost
    digests: Mapping[str, str] = field(default_factory=dict)  # path -> sha256 of the stored bytes, where this run hashed them already


@dataclass(frozen=True)
class Found:
    """One thing that a check found: where, what it means, how to mend it."""

    severity: Severity
    kind: str
    message: str
    path: str = ""
    where: str = ""
    fix: str = ""


@dataclass(frozen=True)
class CheckAnswer:
    """What a check says. `quarantines`: the bytes are dangerous, nobody but security may read them."""

    verdict: Verdict
    sentence: str
    evidence: Mapping[str, object] = field(default_factory=dict)
    findings: tuple[Found, ...] = ()
    quarantines: bool = False


class Check(Protocol):
    """One check. Its version changes with its rules, so that a result always names the rule it was made by.

    It may say more of itself: `severity` (how grave a failure is; else high), `tiers` (asked only in these), `data` (paths of lists it judges
    by, outside this package), `beside` (True: it waits for another process, so that others may run meanwhile), `scans` (True: files are
    enough for it, so `manage.py scan` asks it too), `engine()` (the version of a program it asks). With `look_at(file)`, which answers JSON
    about one file, and `sum_up(subject, said)` instead of `run`, the same bytes are looked at once.
    """

    id: str
    version: str
    stage: str
    title: str

    def run(self, subject: Subject) -> CheckAnswer:
        """Look at the subject and answer; an exception counts as "could not run", never as passed."""
        ...


def worst_of(verdicts: Iterable[str]) -> Verdict:
    """Return the worst verdict; not applicable counts for nothing, and where nothing counts, nothing has passed."""
    said = {str(verdict) for verdict in verdicts} - {Verdict.NA}
    if said - set(WORST_FIRST):
        return Verdict.ERROR
    return next((verdict for verdict in WORST_FIRST if verdict in said), Verdict.ERROR)


def not_applicable() -> CheckAnswer:
    """Answer for checks of files when there are none because a vendor serves the model."""
    return CheckAnswer(Verdict.NA, HOSTED)


def no_files() -> CheckAnswer:
    """Answer when there should be files and there are none: nothing was looked at, so nothing passed."""
    return CheckAnswer(Verdict.ERROR, "There are no files to look at, so nothing can be said about them.")


def count(number: int, thing: str) -> str:
    """Say how many: "1 file", "3 files"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
