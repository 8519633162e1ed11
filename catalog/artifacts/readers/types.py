"""What a reader says about a file, and the ways in which reading can end."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from catalog.artifacts.readers import rules

Verdict = Literal["allow", "review", "block", "error"]
Severity = Literal["info", "low", "medium", "high", "critical"]
Kind = Literal["structure", "code", "secret", "licence", "other"]

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
KINDS: tuple[Kind, ...] = get_args(Kind)

# Part of every stored verdict: it changes with the code and with every rule set.
READERS_VERSION = rules.version()

MESSAGE_LIMIT = 600


@dataclass(frozen=True)
class Finding:
    """One thing a reader noticed: what, how bad, where in the file, and what to do about it."""

    check: str
    severity: Severity
    message: str
    where: str = ""
    fix: str = ""
    kind: Kind = "other"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Finding":
        """Rebuild a finding from JSON, refusing any other shape."""
        if not isinstance(data, Mapping) or set(data) != {"check", "severity", "message", "where", "fix", "kind"}:
            raise ValueError("a finding has other fields than expected")
        if not all(isinstance(value, str) for value in data.values()):
            raise ValueError("a finding holds something that is not text")
        if data["severity"] not in SEVERITIES or data["kind"] not in KINDS:
            raise ValueError("a finding has an unknown severity or kind")
        return cls(**data)


@dataclass(frozen=True)
class Reading:
    """The answer of the readers about one file; `profile` names the bound it was read under ("" means in this process)."""

    format: str
    verdict: Verdict
    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    profile: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, for crossing a process boundary."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Reading":
        """Rebuild a reading from JSON, refusing any other shape."""
        if not isinstance(data, Mapping) or set(data) != {"format", "verdict", "findings", "facts", "profile"}:
            raise ValueError("the answer has other fields than expected")
        if not isinstance(data["format"], str) or not isinstance(data["profile"], str) or data["verdict"] not in VERDICTS:
            raise ValueError("the answer has no known verdict or format")
        if not isinstance(data["findings"], list) or not isinstance(data["facts"], dict):
            raise ValueError(  # noqa: TRY004 - every wrong shape is the same error
                "the findings or facts of the answer have the wrong shape"
            )
        findings = [Finding.from_json(item) for item in data["findings"]]
        if data["verdict"] != "allow" and not findings:
            raise ValueError("a verdict other than allow came without a finding")
        return cls(data["format"], data["verdict"], findings, data["facts"], data["profile"])


class Refused(Exception):
    """The file is refused for a reason that a person can read."""

    kind: Kind = "other"
    severity: Severity = "high"
    check = "files.format"

    def __init__(self, message: str, *, where: str = "", fix: str = "", check: str = "") -> None:
        super().__init__(message)
        self.message, self.where, self.fix = message, where, fix
        self.check = check or self.check

    def finding(self) -> Finding:
        """Return the same as a finding."""
        return Finding(self.check, self.severity, shorten(self.message), self.where, self.fix, self.kind)


class Broken(Refused):
    """The bytes do not follow the format."""

    kind: Kind = "structure"
    check = "files.structure"


class Unsafe(Refused):
    """The file runs code, or could."""

    kind: Kind = "code"
    severity: Severity = "critical"
    check = "files.code"


class TooMuch(Refused):
    """The file is larger or deeper than the readers promise to look."""

    check = "files.bounds"


def shorten(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Return text that is safe and short enough to show: printable, at most `limit` characters."""
    clean = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[: limit + 1])
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def fact(value: object, where: str) -> dict[str, object]:
    """Pair a fact with the place in the file where it was found."""
    return {"value": value, "where": where}
