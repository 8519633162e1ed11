"""What every source is turned into: one record a model, cleaned so that the database and the card accept it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from marketplace.identifiers import digest, slug

LARGEST = 1e18  # also keeps out infinities and what is no number
MAX_TEXT = 200_000
MAX_TAGS, MAX_TAG = 30, 60
MOST_PARAMETERS = 2**62
MAX_ROWS = 500
# The longest text of each fact of a model.
LENGTHS = {
    "display_name": 200,
    "summary": 280,
    "task": 80,
    "library": 80,
    "framework": 80,
    "license": 120,
    "modality": 40,
    "publisher": 160,
    "base_model": 300,
}
# Facts of the model that the card holds too.
CARD_FIELDS = {
    "summary": "identity.summary",
    "publisher": "identity.developed_by",
    "task": "technical.task",
    "library": "technical.library",
    "tags": "technical.tags",
    "parameters": "technical.parameter_count",
    "license": "legal.license",
}
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Unreadable(Exception):
    """A record that cannot be taken over; the sentence says why and where."""

    def __init__(self, why: str, column: str = "") -> None:
        super().__init__(why)
        self.why, self.column = why, column


@dataclass(frozen=True)
class Record:
    """One model of a source: `facts` are fields of the model, `card` values of its card."""

    external_id: str
    name: str
    kind: str
    origin: str
    facts: dict[str, Any]
    card: dict[str, Any]
    text: str = ""
    tier: str = ""
    provenance: dict[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The same record gives the same digest; anything that differs gives another."""
        return digest([self.external_id, self.name, self.kind, self.origin, self.facts, self.card, self.text, self.tier, self.provenance])

    @property
    def slug(self) -> str:
        """The name under which it can stand here; of a name without a single letter we know, the external id."""
        made = slug(self.name)
        return made if made != "model" or self.name.strip().lower() == "model" else slug(self.external_id)


def text_of(value: object, column: str, limit: int = 0) -> str:
    """Return a text that can be stored, cut at a word when it is too long; raise Unreadable for what is no text."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"{column} is no text but {type(value).__name__}.", column)
    clean = _UNSTORABLE.sub("\ufffd", value).strip()
    return clean if not limit or len(clean) <= limit else cut(clean, limit)


def cut(text: str, limit: int) -> str:
    """Shorten a text at the last space before the limit, and show that something is missing."""
    start = text[: limit - 1]
    space = start.rfind(" ")
    return (start[:space] if space > limit // 2 else start).rstrip(" ,;:") + "…"


def tags_of(value: object) -> list[str]:
    """Return the tags: short, each once, at most as many as a model may have."""
    if not isinstance(value, list):
        raise Unreadable("tags is no list.", "tags")
    clean = (text_of(tag, "tags", MAX_TAG) for tag in value)
    return list(dict.fromkeys(tag for tag in clean if tag))[:MAX_TAGS]


def parameters_of(value: object) -> int | None:
    """Return a whole number of parameters; None when it is not known."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MOST_PARAMETERS:
        raise Unreadable(f"params is no whole number from 0 to {MOST_PARAMETERS}.", "params")
    return value


def rows_of_datasets(value: object) -> list[dict[str, str]]:
    """Return the datasets as rows of the card."""
    if not isinstance(value, list):
        raise Unreadable("datasets is no list.", "datasets")
    names = (text_of(name, "datasets", 300) for name in value)
    return [{"name": name, "role": "training"} for name in dict.fromkeys(names) if name][:MAX_ROWS]


def rows_of_metrics(value: object) -> list[dict[str, Any]]:
    """Return the metrics as rows of the card; a value that is no number is left out, its name stays."""
    if not isinstance(value, list) or not all(isinstance(metric, Mapping) for metric in value):
        raise Unreadable("metrics is no list of objects.", "metrics")
    rows = [{"name": text_of(metric.get("name"), "metrics", 300), "value": _number(metric.get("value"))} for metric in value]
    return [{key: part for key, part in row.items() if part not in {None, ""}} for row in rows if row["name"]][:MAX_ROWS]


def _number(value: object) -> float | int | None:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        return None
    return value


def date_of(value: object) -> str:
    """Return a date as YYYY-MM-DD; empty for everything else."""
    return value if isinstance(value, str) and _DATE.match(value) else ""


def card_of(facts: Mapping[str, Any], others: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return the card's values: what the model's facts say, and the others; nothing that is empty."""
    said = [(key, facts.get(fact)) for fact, key in CARD_FIELDS.items()]
    return {key: value for key, value in [*said, *others] if value not in (None, "", [])}
