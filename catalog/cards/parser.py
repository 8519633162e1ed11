"""Hugging Face cards: README.md with YAML at its head to the fields of our card, and back without loss."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from catalog.cards import front_matter
from catalog.cards.schema import schema_for, validate

LARGEST = 1e18  # also keeps out infinities and what is no number
MAX_TEXT = 1_000_000
OURS = "marketplace"


@dataclass(frozen=True, slots=True)
class ParsedCard:
    """What a README says: values of our fields, the text, the YAML that has no field here, and what could not be read."""

    values: dict[str, object] = field(default_factory=dict)
    text: str = ""
    unmapped: dict[str, object] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


class _Unfit(Exception):  # a property of the value, not a mistake of ours
    """The value has another shape than expected; the argument says which shape it should have."""


@dataclass(frozen=True, slots=True)
class _Mapping:
    """How keys of the YAML become one field and a field becomes keys."""

    field: str
    keys: tuple[str, ...]
    read: Callable[[Mapping[str, object]], object]
    write: Callable[[object], dict[str, object]]

    def find(self, front: Mapping[str, object], warnings: list[str]) -> object:
        """Return the value of the field, or None; a wrong shape is reported."""
        if all(front.get(key) is None for key in self.keys):
            return None
        try:
            value = self.read(front)
        except _Unfit as problem:
            warnings.append(f"{self.keys[0]} was not taken over: it should be {problem}.")
            return None
        problems = validate({self.field: value}, _WIDEST) if value not in (None, "", []) else []
        warnings += [f"{self.keys[0]} was not taken over: {problem.message}" for problem in problems]
        return None if problems or value in ("", []) else value


def parse_readme(text: str) -> ParsedCard:
    """Read a README; nothing in it can fail, whatever is wrong is named in the warnings and kept in `unmapped` or the text."""
    warnings: list[str] = []
    text = str(front_matter.plain(text))
    source, body = front_matter.split(text)
    front: dict[str, object] = {}
    if source is None and text.startswith("---\n"):
        warnings.append("The YAML at the head has no closing line of dashes, so it was read as text.")
    if source is not None:
        try:
            front = front_matter.load(source, warnings)
        except front_matter.FrontMatterError as problem:
            warnings.append(f"The YAML at the head was not read: {problem}. It stays in the text.")
            body = text
    if len(body) > MAX_TEXT:
        warnings.append(f"The text has {len(body):,} characters; only the first {MAX_TEXT:,} were kept.")
        body = body[:MAX_TEXT]
    values = _values(front, warnings)
    return ParsedCard(values, body, _rest(front, values), warnings)


def export_readme(values: Mapping[str, object], text: str, unmapped: Mapping[str, object] | None = None) -> str:
    """Write a README that `parse_readme` reads back to the same values, text and unmapped keys."""
    front = dict(unmapped or {})
    for mapping in _MAPPINGS:
        value = values.get(mapping.field)
        kept = mapping.find(front, [])
        if value is None and kept is not None:
            # The field was emptied here; the original of the import must not bring it back.
            front = {key: item for key, item in front.items() if key not in mapping.keys}
        elif value is not None and not _same(value, kept):
            front = {key: item for key, item in front.items() if key not in mapping.keys} | _written(mapping, value)
    again = _values(front, [])
    own = front.get(OURS)
    extra = {key: value for key, value in values.items() if not _same(value, again.get(key))}
    if extra:
        front[OURS] = {**(own if isinstance(own, Mapping) else {}), **extra}
    return front_matter.dump(front, text)


def _written(mapping: _Mapping, value: object) -> dict[str, object]:
    try:
        return mapping.write(value)
    except _Unfit:
        # "Not disclosed" and the like have no place in Hugging Face's keys; they travel under ours.
        return {}


def _values(front: Mapping[str, object], warnings: list[str]) -> dict[str, object]:
    values = {}
    for mapping in _MAPPINGS:
        value = mapping.find(front, warnings)
        if value is not None:
            values[mapping.field] = value
    own = front.get(OURS)
    if isinstance(own, Mapping):
        good, problems = _good_own(own)
        values.update(good)
        warnings += problems
    elif own is not None:
        warnings.append(f"{OURS} was not taken over: it should be fields with values.")
    return values


def _good_own(own: Mapping[str, object]) -> tuple[dict[str, object], list[str]]:
    problems = validate(own, _WIDEST)
    bad = {problem.field for problem in problems}
    return {key: value for key, value in own.items() if key not in bad and value is not None}, [
        f"{OURS}: {problem.field} was not taken over: {problem.message}" for problem in problems
    ]


def _rest(front: Mapping[str, object], values: Mapping[str, object]) -> dict[str, object]:
    """Return the keys that writing the values would not bring back exactly."""
    made: dict[str, object] = {}
    for mapping in _MAPPINGS:
        value = values.get(mapping.field)
        if value is not None and _same(value, mapping.find(front, [])):
            written = _written(mapping, value)
            given = {key: front[key] for key in mapping.keys if key in front}
            # All keys of a field or none: half of them would read differently.
            made |= written if _same(written, given) else {}
    own = front.get(OURS)
    rest = {key: value for key, value in front.items() if key != OURS and not (key in made and _same(made[key], value))}
    if isinstance(own, Mapping):
        good, _ = _good_own(own)
        left = {key: value for key, value in own.items() if key not in good}
        return rest | ({OURS: left} if left else {})
    return rest | ({OURS: own} if own is not None else {})


def _same(one: object, other: object) -> bool:
    """Compare as JSON: True is not 1, and 1.0 is not 1."""
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)


def _words(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value).strip()
    raise _Unfit("a word")


def _word_at(key: str) -> Callable[[Mapping[str, object]], object]:
    return lambda front: _words(front[key])


def _list_at(key: str) -> Callable[[Mapping[str, object]], object]:
    def read(front: Mapping[str, object]) -> object:
        value = front[key]
        items = value if isinstance(value, list) else [value]
        if any(isinstance(item, list | Mapping) for item in items):
            raise _Unfit("a word or a list of words")
        return [word for item in items if item is not None and (word := _words(item))]

    return read


def _as_is(key: str) -> Callable[[object], dict[str, object]]:
    def write(value: object) -> dict[str, object]:
        if isinstance(value, Mapping):
            raise _Unfit("a plain value")
        return {key: value}

    return write


def _read_license(front: Mapping[str, object]) -> object:
    value = front.get("license")
    items = value if isinstance(value, list) else [value]
    if len(items) != 1:
        raise _Unfit("one license")
    name = front.get("license_name")
    if name is not None and (items[0] is None or _words(items[0]).lower() == "other"):
        return _words(name)
    return _words(items[0])


def _read_base(front: Mapping[str, object]) -> object:
    return _list_at("base_model")(front)


def _write_base(value: object) -> dict[str, object]:
    if not isinstance(value, list):
        raise _Unfit("a list")
    return {"base_model": value[0] if len(value) == 1 else value}


def _read_datasets(front: Mapping[str, object]) -> object:
    names = _list_at("datasets")(front)
    return [{"name": name} for name in names] if isinstance(names, list) else None


def _write_datasets(value: object) -> dict[str, object]:
    if not isinstance(value, list):
        raise _Unfit("a list")
    names = [row["name"] for row in value if isinstance(row, Mapping) and row.get("name")]
    return {"datasets": names} if names else {}


def _number(value: object) -> float | int | None:
    if isinstance(value, str):
        try:
            value = float(value.strip().removesuffix("%"))
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        return None
    return value


def _read_co2(front: Mapping[str, object]) -> object:
    value = front["co2_eq_emissions"]
    grams = _number(value.get("emissions") if isinstance(value, Mapping) else value)
    if grams is None:
        raise _Unfit("grams as a number")
    return grams / 1000


def _write_co2(value: object) -> dict[str, object]:
    kilograms = _number(value)
    if kilograms is None:
        raise _Unfit("a number")
    return {"co2_eq_emissions": {"emissions": kilograms * 1000}}


def _read_index(front: Mapping[str, object]) -> object:
    rows = []
    for model in _maps(front["model-index"]):
        for result in _maps(model.get("results", [])):
            dataset = result.get("dataset")
            rows += [_row(metric, dataset if isinstance(dataset, Mapping) else {}) for metric in _maps(result.get("metrics", []))]
    # What is no number (a list per class, a dash) stays in the original.
    return [row for row in rows if row.get("name") and "value" in row][:500]


def _maps(value: object) -> list[Mapping[str, object]]:
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise _Unfit("a list of models with results, each with metrics")
    return value


def _row(metric: Mapping[str, object], dataset: Mapping[str, object]) -> dict[str, object]:
    row: dict[str, object] = {}
    for column, value in (
        ("name", metric.get("name") or metric.get("type")),
        ("dataset", dataset.get("name") or dataset.get("type")),
        ("slice", dataset.get("split")),
    ):
        if isinstance(value, str | int | float) and _words(value):
            row[column] = _words(value)[:2000]
    number = _number(metric.get("value"))
    return row if number is None else row | {"value": number}


def _write_index(value: object) -> dict[str, object]:
    if not isinstance(value, list):
        raise _Unfit("a list")
    results = []
    for row in value:
        if not isinstance(row, Mapping) or not row.get("name") or _number(row.get("value")) is None:
            continue
        dataset = {ours: row[theirs] for ours, theirs in (("name", "dataset"), ("split", "slice")) if row.get(theirs)}
        results.append({"dataset": dataset, "metrics": [{"type": row["name"], "value": row["value"]}]})
    return {"model-index": [{"name": "model", "results": results}]} if results else {}


_WIDEST = schema_for("T1", third_party=True)
_MAPPINGS = (
    _Mapping("legal.license", ("license", "license_name"), _read_license, _as_is("license")),
    _Mapping("legal.license_link", ("license_link",), _word_at("license_link"), _as_is("license_link")),
    _Mapping("technical.task", ("pipeline_tag",), _word_at("pipeline_tag"), _as_is("pipeline_tag")),
    _Mapping("technical.library", ("library_name",), _word_at("library_name"), _as_is("library_name")),
    _Mapping("technical.languages", ("language",), _list_at("language"), _as_is("language")),
    _Mapping("technical.tags", ("tags",), _list_at("tags"), _as_is("tags")),
    _Mapping("lineage.base_model", ("base_model",), _read_base, _write_base),
    _Mapping("lineage.base_relation", ("base_model_relation",), _word_at("base_model_relation"), _as_is("base_model_relation")),
    _Mapping("lineage.datasets", ("datasets",), _read_datasets, _write_datasets),
    _Mapping("evaluation.metrics", ("model-index",), _read_index, _write_index),
    _Mapping("technical.co2_kg", ("co2_eq_emissions",), _read_co2, _write_co2),
    _Mapping("lifecycle.successor", ("new_version",), _word_at("new_version"), _as_is("new_version")),
)
