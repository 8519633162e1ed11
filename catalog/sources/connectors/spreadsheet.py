"""Spreadsheets of models as CSV: columns are guessed by their heading, and may be named."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from catalog.registry.states import ModelKind, Origin, Tier
from catalog.sources.connectors.records import LENGTHS, MAX_TEXT, Record, Unreadable, card_of, parameters_of, tags_of, text_of

MAX_CELL = 200_000
# Field -> headings that mean it, compared without case, spaces and signs.
HEADINGS: dict[str, tuple[str, ...]] = {
    "name": ("name", "model", "modelname", "title", "modell"),
    "summary": ("summary", "description", "shortdescription", "about", "beschreibung"),
    "task": ("task", "usecasetype", "problemtype", "type", "aufgabe"),
    "library": ("library", "package", "tool"),
    "framework": ("framework", "runtime"),
    "license": ("license", "licence", "lizenz"),
    "modality": ("modality", "datatype", "inputtype"),
    "publisher": ("publisher", "vendor", "supplier", "developedby", "author", "hersteller"),
    "base_model": ("basemodel", "base", "upstream"),
    "parameters": ("parameters", "params", "parametercount", "size"),
    "tags": ("tags", "keywords", "labels"),
    "tier": ("tier", "risktier", "risk", "riskclass"),
    "origin": ("origin", "source", "madeby"),
    "kind": ("kind", "deployment", "hosting"),
    "intended_purpose": ("intendedpurpose", "purpose", "intendeduse", "usecase", "zweck"),
    "limitations": ("limitations", "limits", "knownissues"),
    "accountable_owner": ("accountableowner", "owner", "responsible", "contact", "verantwortlich"),
    "text": ("card", "text", "details", "longdescription", "notes"),
}
CARD = {
    "intended_purpose": "use.intended_purpose",
    "limitations": "risk.limitations",
    "accountable_owner": "identity.accountable_owner",
}
_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "bn": 10**9, "t": 10**12}
_COUNT = re.compile(r"([0-9][0-9,' _]*(?:\.[0-9]+)?)\s*([kmbt]|bn)?\Z", re.IGNORECASE)
# What people write into a cell -> what it means here.
ORIGINS = {"internal": "internal", "built here": "internal", "in-house": "internal", "vendor": "vendor", "open": "open", "open source": "open"}
KINDS = {"files": "files", "file": "files", "hosted": "hosted", "api": "hosted", "saas": "hosted"}


@dataclass(frozen=True)
class Sheet:
    """An opened spreadsheet: which field each column fills, and which columns nobody reads."""

    path: Path
    headings: list[str]
    mapping: dict[str, str]
    ignored: list[str] = field(default_factory=list)
    delimiter: str = ","

    def records(self) -> Iterator[tuple[int, Record | Unreadable]]:
        """Yield each row's number as a spreadsheet shows it, with its record or why there is none."""
        with self.path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            rows, number = csv.reader(lines, delimiter=self.delimiter), 0
            while True:
                # Empty lines count: people look for the row by the number their spreadsheet shows.
                number += 1
                try:
                    cells = next(rows)
                except StopIteration:
                    return
                except csv.Error as wrong:
                    yield number, Unreadable(f"This and what follows cannot be read as CSV: {wrong}.")
                    return
                if number > 1 and any(cell.strip() for cell in cells):
                    yield number, self._read(cells)

    def _read(self, cells: list[str]) -> Record | Unreadable:
        """Return the record of a row, or which column is wrong and why."""
        if len(cells) > len(self.headings) and any(cell.strip() for cell in cells[len(self.headings) :]):
            return Unreadable("The row has more cells than the heading has columns.")
        row = dict(zip(self.headings, cells, strict=False))
        try:
            return record_of({name: row.get(column, "").strip() for column, name in self.mapping.items()})
        except Unreadable as wrong:
            columns = {name: column for column, name in self.mapping.items()}
            return Unreadable(wrong.why, columns.get(wrong.column, wrong.column))


def open_sheet(path: Path, named: Mapping[str, str]) -> Sheet:
    """Read the heading and decide what each column means; raise Unreadable when no column names the models."""
    csv.field_size_limit(MAX_CELL)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        first = lines.readline()
        delimiter = max(",;\t", key=first.count)
        headings = next(csv.reader([first], delimiter=delimiter), [])
    mapping = guess([heading for heading in headings if heading.strip()], named)
    if "name" not in mapping.values():
        raise Unreadable(f"No column names the models. Say which one: --map '{headings[0] if headings else 'COLUMN'}=name'.")
    return Sheet(path, headings, mapping, [heading for heading in headings if heading.strip() and heading not in mapping], delimiter)


def guess(headings: list[str], named: Mapping[str, str]) -> dict[str, str]:
    """Return column -> field: as named, then by heading; a field is filled by one column only."""
    present = {heading.strip().lower(): heading for heading in headings}
    mapping: dict[str, str] = {}
    for column, wanted in named.items():
        if wanted not in HEADINGS:
            raise Unreadable(f"There is no field {wanted}; use one of {', '.join(HEADINGS)}.")
        if column.strip().lower() not in present:
            raise Unreadable(f"There is no column {column}; the file has {', '.join(headings)}.")
        mapping[present[column.strip().lower()]] = wanted
    for name, meanings in HEADINGS.items():
        if name in mapping.values():
            continue
        free = [heading for heading in headings if heading not in mapping]
        match = next((h for meaning in meanings for h in free if re.sub(r"[^a-z]", "", h.lower()) == meaning), None)
        if match:
            mapping[match] = name
    return mapping


def record_of(cells: Mapping[str, str]) -> Record:
    """Return the record in the cells of a row; its name is its id, so a renamed row is a new model."""
    name = text_of(cells.get("name", ""), "name", LENGTHS["display_name"])
    if not name.strip("\ufffd "):
        raise Unreadable("The name is missing.", "name")
    facts: dict[str, Any] = {field: text_of(cells.get(field, ""), field, limit) for field, limit in LENGTHS.items() if field != "display_name"}
    facts["tags"] = tags_of([part.strip() for part in re.split(r"[,;]", cells.get("tags", ""))])
    facts["parameters"] = parameters_of(count_of(cells.get("parameters", "")))
    origin = _choice(cells, "origin", ORIGINS, str(Origin.INTERNAL))
    others = [(key, text_of(cells.get(name, ""), name, 20_000 if name != "accountable_owner" else 300)) for name, key in CARD.items()]
    return Record(
        external_id=name.lower(),
        name=name,
        kind=_choice(cells, "kind", KINDS, str(ModelKind.FILES)),
        origin=origin,
        facts=facts,
        card=card_of(facts, [("identity.name", name[:120]), ("identity.origin", origin), *others]),
        text=text_of(cells.get("text", ""), "text", MAX_TEXT),
        tier=_choice(cells, "tier", {tier.lower(): tier for tier in Tier.values}, ""),
    )


def _choice(cells: Mapping[str, str], name: str, known: Mapping[str, str], otherwise: str) -> str:
    """Return the value a word stands for; an empty cell means `otherwise`."""
    said = cells.get(name, "").strip().lower()
    if said and said not in known:
        raise Unreadable(f"{said[:60]!r} is none of {', '.join(dict.fromkeys(known.values()))}.", name)
    return known[said] if said else otherwise


def count_of(text: str) -> int | None:
    """Return a number of parameters as people write it: 125M, 8.03 B, 1,000,000."""
    if not text:
        return None
    match = _COUNT.match(text.strip())
    if not match:
        raise Unreadable(f"{text[:40]!r} is no number of parameters; write 125M or 125000000.", "parameters")
    return int(Decimal(re.sub(r"[,' _]", "", match[1])) * _FACTORS[(match[2] or "").lower()])
