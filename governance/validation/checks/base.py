"""What a check is: it looks at a subject and answers; pure, so that it can neither write nor wait for anybody."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from catalog.artifacts.readers.types import Reading
from catalog.cards.schema import CardSchema
from governance.validation.looking import Look, TextLook
from governance.validation.states import WORST_FIRST, Severity, Verdict

HOSTED = "A vendor serves this model; there are no files here."
FIX_AGAIN = "Run the checks again; if it happens twice, tell governance which file it is."
TIERS = ("T4", "T3", "T2", "T1")
STRICT = frozenset({"T1", "T2"})


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
    text: str = ""


@dataclass(frozen=True)
class Copy:
    """A file of another model that has the same bytes; only of models that everybody in the organization may see."""

    model: str
    version: str
    path: str
    sha256: str
    approved: bool


@dataclass(frozen=True)
class Record:
    """What the catalog knows besides. What it says of other models is what everybody in the organization may see: findings name them."""

    model: str = ""  # team/name
    name: str = ""
    publisher: str = ""
    origin: str = "internal"
    upstream_commit: str = ""
    base_model: str = ""
    used_bytes: int = 0  # of the team
    quota_bytes: int = 0  # 0: none
    models: tuple[str, ...] = ()  # team/name of other models, sorted
    licences: Mapping[str, str] = field(default_factory=dict)  # model in small letters, with and without its team -> licence
    copies: tuple[Copy, ...] = ()


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
    looks: Mapping[str, Look] = field(default_factory=dict)  # what the text in each file says
    texts: Mapping[str, TextLook] = field(default_factory=dict)  # the same of the card
    record: Record = Record()

    @property
    def is_strict(self) -> bool:
        """Whether a person's life or a lot of money may depend on it: what warns elsewhere fails here."""
        return self.tier in STRICT


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

    @property
    def id(self) -> str:
        """By what results name it."""
        ...

    @property
    def version(self) -> str:
        """Which rules it judges by."""
        ...

    @property
    def stage(self) -> str:
        """Where in the pipeline it belongs."""
        ...

    @property
    def title(self) -> str:
        """What it makes sure of, for people."""
        ...

    def run(self, subject: Subject) -> CheckAnswer:
        """Look at the subject and answer; an exception counts as "could not run", never as passed."""
        ...


class Numbered(Check, Protocol):
    """A check with what people and caches must know of it beforehand."""

    @property
    def codes(self) -> tuple[str, ...]:
        """Its numbers in the list of checks."""
        ...

    @property
    def severity(self) -> Severity:
        """That of the gravest it finds."""
        ...

    @property
    def tiers(self) -> tuple[str, ...]:
        """Where it is asked."""
        ...

    @property
    def explains(self) -> str:
        """What it looks at, in plain words."""
        ...

    @property
    def needs(self) -> frozenset[str]:
        """The parts of the subject that it reads, and "day" for the date: while they and its version stay the same, so does its answer."""
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


def unseen(subject: Subject, paths: Iterable[str] | None = None) -> CheckAnswer | None:
    """Answer where the text in files was not looked at, or not to the end: then nothing can be said; None when it was."""
    wanted = [file.path for file in subject.files] if paths is None else list(paths)
    lost = {path: subject.looks[path].problem if path in subject.looks else "It was not looked at." for path in wanted}
    lost = {path: why for path, why in lost.items() if why}
    if not lost:
        return None
    found = tuple(
        Found(Severity.HIGH, "other", f"{path} could not be looked at. {why}", path, fix=FIX_AGAIN) for path, why in list(lost.items())[:50]
    )
    return CheckAnswer(Verdict.ERROR, f"{count(len(lost), 'file')} could not be looked at, so nothing can be said about them.", {}, found)


def listed(words: Iterable[str], most: int = 5) -> str:
    """Join words for a sentence: the first few, and how many more there are."""
    every = list(words)
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def count(number: int, thing: str) -> str:
    """Say how many: "1 file", "3 files"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
