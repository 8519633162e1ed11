"""The fields of a card as a form, for every room that asks for some: what the values mean is checked by the action alone."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.html import escape

from catalog.cards.merging import HUMAN
from catalog.cards.schema import Field, is_undisclosed
from marketplace.errors import Invalid

SILENT, REASON, ACCEPT, TAKE = "--silent", "--reason", "--accept", "--take"
_CELL = re.compile(r"(?<!\\)\|")
_WHOLE, _BROKEN = re.compile(r"[-+]?[0-9]{1,18}"), re.compile(r"[-+]?[0-9]{0,18}\.?[0-9]{1,18}(?:[eE][-+]?[0-9]{1,2})?")


class WordsField(forms.CharField):
    """Text as it was typed, with the line ends of the database."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, strip=False, **kwargs)

    def to_python(self, value: Any) -> str:
        """Return the text; browsers send other line ends than they were given."""
        return str(super().to_python(value) or "").replace("\r\n", "\n")


def control(field: Field) -> forms.Field:
    """Return the control of a field."""
    words: dict[str, Any] = {"label": field.title, "help_text": _help(field)}
    if field.type == "enum":
        return forms.ChoiceField(choices=[("", "Not said"), *field.options], required=False, **words)
    if field.type == "multi":
        return forms.MultipleChoiceField(choices=field.options, required=False, widget=forms.CheckboxSelectMultiple, **words)
    if field.type in {"markdown", "list", "rows"}:
        return WordsField(widget=forms.Textarea(attrs={"rows": 4 if field.type == "markdown" else 3}), **words)
    if field.type == "date":
        return WordsField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **words)
    attrs = {"inputmode": "decimal"} if field.type == "number" else {}
    rows = forms.Textarea(attrs={"rows": 2}) if field.max_length > 200 and field.type == "text" else forms.TextInput(attrs=attrs)
    return WordsField(widget=rows, **words)


def _help(field: Field) -> str:
    said = [field.why]
    if field.type == "list":
        said.append("One a line.")
    if field.type == "rows":
        said.append(f"One row a line, with | between: {' | '.join(name for name, _ in field.columns)}.")
    if field.material:
        said.insert(1, "A change after an approval needs a new decision.")
    if not field.options:
        said.append(f"Example: {written(field, field.example).splitlines()[0]}")
    return escape(" ".join(said))


def written(field: Field, value: object) -> str:
    """Write a value as its control shows it."""
    if value is None or is_undisclosed(value):
        return ""
    if isinstance(value, list):
        return "\n".join(_row(field, item) if isinstance(item, Mapping) else str(item) for item in value)
    return str(value)


def _row(field: Field, row: Mapping[str, Any]) -> str:
    cells = ["" if row.get(name) is None else str(row[name]).replace("|", "\\|").replace("\n", " ") for name, _ in field.columns]
    return " | ".join(cells).rstrip(" |")


def read(field: Field, text: Any) -> Any:
    """Read what was typed; what does not fit stays as typed, so that the check of the card can name it."""
    if isinstance(text, list):
        return text or None
    if field.type == "number":
        return number(text.strip()) if text.strip() else None
    if field.type == "list":
        return [line.strip() for line in text.splitlines() if line.strip()] or None
    if field.type == "rows":
        return [_cells(field, line) for line in text.splitlines() if line.strip(" |")] or None
    return text if text.strip() else None


def _cells(field: Field, line: str) -> dict[str, Any]:
    cells = [cell.strip().replace("\\|", "|") for cell in _CELL.split(line)]
    names = [name for name, _ in field.columns]
    # More cells than columns: the check names the one that has no column.
    names += [f"column {place + 1}" for place in range(len(names), len(cells))]
    kinds = dict(field.columns)
    return {name: number(cell) if kinds.get(name) == "number" else cell for name, cell in zip(names, cells, strict=False) if cell}


def number(text: str) -> Any:
    """Return the number that was typed, or the text when it is none."""
    plain = text.replace(",", "").replace("_", "").replace(" ", "")
    if _WHOLE.fullmatch(plain):
        return int(plain)
    return float(plain) if _BROKEN.fullmatch(plain) else text


class FieldsForm(forms.Form):
    """Some fields of a card, filled with what is known; `given` says what the person changed, and nothing else."""

    def __init__(self, fields: Iterable[Field], data: Any = None, *, values: Mapping[str, Any], third_party: bool = False) -> None:
        self.card_fields, self.values = {field.key: field for field in fields}, values
        super().__init__(
            data, initial={key: value if isinstance(value, list) and f.type == "multi" else written(f, value) for key, f, value in self._known()}
        )
        for key, field in self.card_fields.items():
            self.fields[key] = control(field)
            if third_party and field.may_be_undisclosed:
                self._may_be_silent(key, values.get(key))

    def _known(self) -> Iterable[tuple[str, Field, Any]]:
        return ((key, field, self.values.get(key)) for key, field in self.card_fields.items())

    def _may_be_silent(self, key: str, value: Any) -> None:
        silent = is_undisclosed(value)
        self.fields[f"{key}{SILENT}"] = forms.BooleanField(label="The supplier does not disclose it", required=False, initial=silent)
        self.fields[f"{key}{REASON}"] = WordsField(
            label="What the supplier said", initial=str(value.get("reason", "")) if silent else "", max_length=2000
        )

    def given(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the values that were changed, and the sources of those that were accepted or taken from a file."""
        values: dict[str, Any] = {}
        sources: dict[str, str] = {}
        for key, field in self.card_fields.items():
            if self.data.get(f"{key}{ACCEPT}"):
                sources[key] = HUMAN
            if self._is_changed(key):
                values[key] = self._value(key, field)
        return values, {key: source for key, source in sources.items() if key not in values or values[key] is not None}

    def _is_changed(self, key: str) -> bool:
        return bool({key, f"{key}{SILENT}", f"{key}{REASON}"} & set(self.changed_data))

    def _value(self, key: str, field: Field) -> Any:
        if self.cleaned_data.get(f"{key}{SILENT}"):
            return {"not_disclosed": True, "accepted": False, "reason": self.cleaned_data.get(f"{key}{REASON}", "")}
        return read(field, self.cleaned_data[key])

    def taken(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts that the person takes over from a file."""
        return {key: found[key]["value"] for key in self.card_fields if key in found and self.data.get(f"{key}{TAKE}")}

    def put(self, error: Invalid) -> None:
        """Show what the action found wrong beside the field it is about."""
        for name, sentences in error.fields.items():
            for sentence in sentences:
                self.add_error(name if name in self.fields else None, sentence)
