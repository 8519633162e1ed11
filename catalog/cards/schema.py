"""The fields of a card as data: which there are, which duty each has in a tier, and what is wrong with given values."""

import dataclasses
import datetime
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

import yaml

Duty = Literal["R", "A", "P", "o"]
Kind = Literal["text", "markdown", "enum", "multi", "number", "date", "ref", "list", "rows"]
TIERS = ("T4", "T3", "T2", "T1")
PACKS = frozenset({"genai", "people", "personal_data", "eu_high_risk"})
MAX_ITEMS = 500
_ALLOWED_KEYS = {
    "key", "title", "why", "example", "type", "duty", "third_party", "may_be_undisclosed", "auto", "material", "hosted", "max", "options",
    "columns",
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """One question of the card, with its duty in the tier of the schema it belongs to."""

    key: str
    title: str
    why: str
    example: object = dataclasses.field(hash=False)
    type: Kind
    duty: Duty
    auto: Literal["", "found", "computed"] = ""
    material: bool = False
    may_be_undisclosed: bool = False
    max_length: int = 0
    options: tuple[tuple[str, str], ...] = ()
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def asked(self) -> bool:
        """Whether a person is asked, because neither the files nor the marketplace can tell."""
        return not self.auto


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """Fields that belong together."""

    key: str
    title: str
    fields: tuple[Field, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class CardSchema:
    """All sections of a card for one tier and kind of model."""

    tier: str
    third_party: bool
    hosted: bool
    sections: tuple[Section, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields in reading order."""
        return tuple(field for section in self.sections for field in section.fields)

    def field(self, key: str) -> Field | None:
        """Return the field with this key."""
        return next((field for field in self.fields if field.key == key), None)

    def required(self, *duties: Duty) -> tuple[Field, ...]:
        """Return the fields with one of these duties that files and people have to fill.

        Computed fields are never a duty of anybody. At T4 found fields are none either: what the files do not tell is not asked.
        """
        unasked = {"computed", "found"} if self.tier == "T4" else {"computed"}
        return tuple(field for field in self.fields if field.duty in duties and field.auto not in unasked)


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a value, and how to mend it."""

    field: str
    message: str
    fix: str


@lru_cache(maxsize=1)
def _source() -> dict[str, object]:
    return cast("dict[str, object]", yaml.safe_load(Path(__file__).with_name("fields.yaml").read_text(encoding="utf-8")))


def schema_for(tier: str, *, third_party: bool = False, hosted: bool = False, packs: Collection[str] = ()) -> CardSchema:
    """Return the card of a tier; `packs` adds the duties of generative models, affected people, personal data or EU high risk."""
    if tier not in TIERS:
        raise ValueError(f"There is no tier {tier!r}; the tiers are {', '.join(sorted(TIERS))}.")
    unknown = set(packs) - PACKS
    if unknown:
        raise ValueError(f"There is no pack {', '.join(sorted(unknown))}; the packs are {', '.join(sorted(PACKS))}.")
    return _schema(tier, third_party, hosted, frozenset(packs))


@lru_cache(maxsize=256)
def _schema(tier: str, third_party: bool, hosted: bool, packs: frozenset[str]) -> CardSchema:  # noqa: FBT001  # positional for the cache
    source = _source()
    lengths = cast("dict[str, int]", source["types"])
    sections = []
    for section in cast("list[dict[str, object]]", source["sections"]):
        entries = cast("list[dict[str, object]]", section["fields"])
        duties = [_duty(entry, tier, third_party=third_party, hosted=hosted, packs=packs) for entry in entries]
        fields = tuple(_field(str(section["key"]), entry, duty, lengths) for entry, duty in zip(entries, duties, strict=True))
        sections.append(Section(str(section["key"]), str(section["title"]), fields))
    return CardSchema(tier, third_party, hosted, tuple(sections))


def _duty(entry: Mapping[str, object], tier: str, *, third_party: bool, hosted: bool, packs: frozenset[str]) -> Duty:
    said = str(cast("list[str]", entry["duty"])[TIERS.index(tier)])
    # At T4 the six answers stay six, whoever made the model.
    if third_party and "third_party" in entry and (tier != "T4" or entry.get("auto")):
        said = str(entry["third_party"])
    if hosted and "hosted" in entry:
        said = str(entry["hosted"])
    letter, _, pack = said.partition("/")
    if letter not in {"R", "A", "P", "o"} or (pack and pack not in PACKS):
        raise ValueError(f"fields.yaml: {entry['key']}: {said!r} is not a duty.")
    return cast("Duty", letter) if not pack or pack in packs else "o"


def _field(section: str, entry: Mapping[str, object], duty: Duty, lengths: Mapping[str, int]) -> Field:
    unknown = set(entry) - _ALLOWED_KEYS
    if unknown or entry["type"] not in lengths:
        raise ValueError(f"fields.yaml: {section}.{entry['key']}: {', '.join(sorted(unknown)) or entry['type']} is not known.")
    return Field(
        key=f"{section}.{entry['key']}",
        title=str(entry["title"]),
        why=str(entry["why"]),
        example=entry["example"],
        type=cast("Kind", entry["type"]),
        duty=duty,
        auto=cast("Literal['', 'found', 'computed']", entry.get("auto", "")),
        material=bool(entry.get("material", False)),
        may_be_undisclosed=bool(entry.get("may_be_undisclosed", False)),
        max_length=cast("int", entry.get("max", lengths[str(entry["type"])])),
        options=tuple(cast("dict[str, str]", entry.get("options", {})).items()),
        columns=tuple(cast("dict[str, str]", entry.get("columns", {})).items()),
    )


def is_undisclosed(value: object) -> bool:
    """Whether the value says in the agreed form that the supplier does not disclose it."""
    return isinstance(value, Mapping) and value.get("not_disclosed") is True


def validate(values: Mapping[str, object], schema: CardSchema) -> list[Problem]:
    """Return everything that is wrong with the values, in the order of the card; missing duties are completeness, not mistakes."""
    by_key = {field.key: field for field in schema.fields}
    fix = "Remove it, or use one of the fields of the card."
    problems = [Problem(str(key), f"There is no field {_short(key)}.", fix) for key in values if key not in by_key]
    for key, field in by_key.items():
        value = values.get(key)
        if value is None or value == "":
            continue
        found = _undisclosed(field, value, schema) if isinstance(value, Mapping) else _CHECKS[field.type](field, value)
        problems += [Problem(key, message, fix) for message, fix in found]
    return problems


Complaints = Iterator[tuple[str, str]]
_UNDISCLOSED_FIX = 'Send {"not_disclosed": true, "accepted": false, "reason": "…"}.'


def _undisclosed(field: Field, value: Mapping[str, object], schema: CardSchema) -> Complaints:
    if not is_undisclosed(value):
        yield f"{field.title} cannot be an object.", _fix(field)
    elif not schema.third_party:
        yield f"{field.title}: only a model made elsewhere may have things its supplier does not disclose.", _fix(field)
    elif not field.may_be_undisclosed:
        yield f"{field.title} is ours to say and cannot be left to the supplier.", _fix(field)
    elif set(value) - {"not_disclosed", "accepted", "reason"} or not isinstance(value.get("accepted", False), bool):
        yield (
            f'{field.title}: "not disclosed" has parts that are not known.',
            'Send {"not_disclosed": true, "accepted": false, "reason": "…"}.',
        )
    elif not isinstance(value.get("reason", ""), str) or len(str(value.get("reason", ""))) > 2000:
        yield f"{field.title}: the reason is not a text of at most 2000 characters.", "Shorten the reason."


def _fix(field: Field) -> str:
    if field.options:
        return f"Choose from: {', '.join(value for value, _ in field.options)}."
    return f"Write it like this: {field.example}"


def _text(field: Field, value: object) -> Complaints:
    if not isinstance(value, str):
        yield f"{field.title} is not a text.", _fix(field)
    elif len(value) > field.max_length:
        yield (
            f"{field.title} has {len(value):,} characters; at most {field.max_length:,} fit.",
            f"Shorten it by {len(value) - field.max_length:,}.",
        )
    elif "\x00" in value:
        yield f"{field.title} contains a NUL character.", "Remove it."


def _enum(field: Field, value: object) -> Complaints:
    if not isinstance(value, str) or value not in dict(field.options):
        yield f"{field.title} does not know {_short(value)}.", _fix(field)


def _multi(field: Field, value: object) -> Complaints:
    if not isinstance(value, list):
        yield f"{field.title} is not a list.", _fix(field)
        return
    for item in value[:MAX_ITEMS]:
        yield from _enum(field, item)
    if len(value) > len(field.options):
        yield f"{field.title} names an option twice.", "Name each option once."


def _number(field: Field, value: object) -> Complaints:
    if isinstance(value, bool) or not isinstance(value, int | float) or (isinstance(value, float) and not math.isfinite(value)):
        yield f"{field.title} is not a number.", _fix(field)
    elif abs(value) > 1e18:
        yield f"{field.title} is too large a number.", _fix(field)


def _date(field: Field, value: object) -> Complaints:
    try:
        if not isinstance(value, str) or len(value) != len("2026-10-01"):
            raise ValueError
        datetime.date.fromisoformat(value)
    except ValueError:
        yield f"{field.title} is not a date.", "Write year, month and day: 2026-10-01."


def _list(field: Field, value: object) -> Complaints:
    if not isinstance(value, list):
        yield f"{field.title} is not a list.", _fix(field)
        return
    if len(value) > MAX_ITEMS:
        yield f"{field.title} has {len(value):,} entries; at most {MAX_ITEMS} fit.", "Shorten the list."
    for item in value[:MAX_ITEMS]:
        yield from _text(field, item)


def _rows(field: Field, value: object) -> Complaints:
    if not isinstance(value, list):
        yield f"{field.title} is not a list of rows.", _fix(field)
        return
    if len(value) > MAX_ITEMS:
        yield f"{field.title} has {len(value):,} rows; at most {MAX_ITEMS} fit.", "Shorten the list."
    for number, row in enumerate(value[:MAX_ITEMS], start=1):
        yield from _row(field, number, row)


def _row(field: Field, number: int, row: object) -> Complaints:
    if not isinstance(row, Mapping):
        yield f"{field.title}, row {number}, is not a row.", _fix(field)
        return
    columns = dict(field.columns)
    for name, value in row.items():
        title = f"{field.title}, row {number}, {name}"
        if name not in columns:
            yield f"{field.title}, row {number}: there is no column {_short(name)}.", f"The columns are {', '.join(columns)}."
        elif value is not None:
            kind = cast("Kind", columns[name])
            cell = Field(title, title, "", _cell_example(kind), kind, "o", max_length=field.max_length)
            yield from _CHECKS[kind](cell, value)


def _cell_example(kind: Kind) -> object:
    return {"number": 0.93, "date": "2026-10-01"}.get(kind, "some words")


def _short(value: object) -> str:
    said = repr(value)
    return said if len(said) <= 60 else f"{said[:57]}…"


_CHECKS: dict[Kind, Callable[[Field, object], Complaints]] = {
    "text": _text,
    "markdown": _text,
    "ref": _text,
    "enum": _enum,
    "multi": _multi,
    "number": _number,
    "date": _date,
    "list": _list,
    "rows": _rows,
}
