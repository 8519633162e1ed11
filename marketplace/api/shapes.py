"""JSON Schema in words: the fields of a shape, what each may hold, and a sample of the whole."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
DEEP = 3  # fields of fields of fields; what lies deeper is an object in words
HUGE = 2**31 - 1  # a bound of the database, of no interest to a reader
WORDS = {
    ("string", "date-time"): "moment (ISO 8601)",
    ("string", "date"): "day (ISO 8601)",
    ("string", "uuid"): "UUID",
    ("string", "uri"): "address",
    ("string", "binary"): "bytes",
    ("string", ""): "text",
    ("integer", ""): "whole number",
    ("number", ""): "number",
    ("boolean", ""): "true or false",
    ("object", ""): "object",
}
FORMATS: dict[str, Any] = {
    "date-time": "2026-11-25T09:30:00Z",
    "date": "2027-06-30",
    "uuid": "01936d2e-7c1a-7b3e-9a54-3f0d1c2b4a5e",
    "uri": "https://models.example.com/docs/errors#not-found",
}
DIGEST = "9f2c4be109c7a1d6b0e35a86c7f412d09e8b7a6c5d4e3f2a1b0c9d8e7f6071ab"
# What a sample says where a field is called so; a shape and its field come before the bare name.
NAMED: dict[str, Any] = {
    "TeamInputRequest.name": "finance-ml",
    "TeamOutput.name": "finance-ml",
    "TokenInputRequest.name": "nightly batch",
    "TokenInputRequest.scopes": ["read", "download"],
    "TokenOutput.name": "nightly batch",
    "IssuedToken.name": "nightly batch",
    "UseCaseInputRequest.name": "Invoice intake",
    "team": "finance-ml",
    "name": "invoice-fields-v3",
    "model": "finance-ml/invoice-fields-v3",
    "version": "3.2.0",
    "alias": "production",
    "path": "model.safetensors",
    "username": "bea",
    "user": "bea",
    "owner": "paul",
    "sha256": DIGEST,
    "manifest_digest": DIGEST,
    "digest": DIGEST,
    "size": 1048576,
    "limit": 50,
    "cursor": "WzQyXQ",
    "next": "WzQyXQ",
    "prefix": "mkt_9f2c4be1",
    "secret": "mkt_…",
    "task": "ocr",
    "q": "invoice",
    "license": "apache-2.0",
    "reason": "Reads the amounts of scanned invoices reliably.",
    "text": "Which data was it tested on?",
    "summary": "Reads invoices.",
    "If-Match": '"7"',
    "Range": "bytes=0-1023",
    "X-Checksum-SHA256": DIGEST,
}


@dataclass(frozen=True)
class Field:
    """One field or parameter, in words."""

    name: str
    kind: str
    required: bool
    text: str = ""
    example: str = ""
    place: str = ""  # of a parameter: path, query or header


class Shapes:
    """The named shapes of a document, and what can be said of any shape that refers to them."""

    def __init__(self, named: Mapping[str, Schema]) -> None:
        self.named = named

    def plain(self, schema: Schema) -> dict[str, Any]:
        """Follow references and fold the ways in which a document says `or null`."""
        if "$ref" in schema:
            name = str(schema["$ref"]).rsplit("/", 1)[-1]
            return {"title": name, **self.plain(self.named[name]), **{k: v for k, v in schema.items() if k != "$ref"}}
        found = dict(schema)
        choices = found.pop("allOf", None) or found.pop("oneOf", None) or found.pop("anyOf", None) or []
        real = [choice for choice in choices if choice.get("type") != "null"]
        if len(real) == 1:
            found = {**self.plain(real[0]), **found}
        if len(real) < len(choices):
            found["nullable"] = True
        if isinstance(found.get("type"), list):
            found["nullable"] = True
            found["type"] = next((kind for kind in found["type"] if kind != "null"), "")
        return found

    def kind(self, schema: Schema) -> str:
        """Say what a value may be."""
        plain = self.plain(schema)
        words = self._kind(plain)
        if plain.get("nullable"):
            words += ", or null"
        default = plain.get("default")
        return words if default in (None, "") else f"{words}; {str(default).lower() if isinstance(default, bool) else default} when left out"

    def _kind(self, plain: Schema) -> str:
        if "enum" in plain:
            return "one of " + ", ".join(str(choice) if choice else "“”" for choice in plain["enum"])
        kind, form = str(plain.get("type", "")), str(plain.get("format", ""))
        if kind == "array":
            inner = self.kind(plain.get("items", {}))
            return f"list of {'objects' if inner == 'object' else inner}"
        if kind == "object" and plain.get("additionalProperties"):
            return f"object of names to {self.kind(plain['additionalProperties'])}"
        words = WORDS.get((kind, form)) or WORDS.get((kind, ""), "any JSON")
        return words + _bounds(plain)

    def fields(self, schema: Schema, before: str = "", depth: int = 0) -> Iterator[Field]:
        """List the fields of an object, those of inner objects after them: `results[].name`."""
        plain = self.plain(schema)
        if plain.get("type") == "array":
            yield from self.fields(plain.get("items", {}), f"{before}[]", depth)
            return
        required = set(plain.get("required", ()))
        for name, inner in plain.get("properties", {}).items():
            told = self.plain(inner)
            is_open = depth + 1 < DEEP and bool(self._properties(told))
            example = "" if is_open else shown(self.sample(inner, name, str(plain.get("title", ""))))
            full = f"{before}.{name}" if before else name
            yield Field(full, self.kind(inner), name in required, _sentence(told), example)
            if is_open:
                yield from self.fields(told, full, depth + 1)

    def _properties(self, plain: Schema) -> Mapping[str, Schema]:
        found = self.plain(plain.get("items", {})) if plain.get("type") == "array" else plain
        properties: Mapping[str, Schema] = found.get("properties", {})
        return properties

    def sample(self, schema: Schema, name: str = "", owner: str = "") -> Any:
        """Make up a value that fits: what is required, and of a change its first field."""
        plain = self.plain(schema)
        if "enum" in plain:
            return next((choice for choice in plain["enum"] if choice), "")
        kind, default = plain.get("type"), plain.get("default")
        if default not in (None, ""):
            return default
        if kind == "array":
            return NAMED.get(f"{owner}.{name}") or [self.sample(plain.get("items", {}), name.removesuffix("s"), owner)]
        if kind == "object":
            return self._sampled_object(plain)
        return _scalar(plain, NAMED.get(f"{owner}.{name}", NAMED.get(name)))

    def _sampled_object(self, plain: Schema) -> dict[str, Any]:
        properties = plain.get("properties", {})
        wanted = [name for name in properties if name in plain.get("required", ())] or list(properties)[:1]
        return {name: self.sample(properties[name], name, str(plain.get("title", ""))) for name in wanted}


def shown(value: Any) -> str:
    """Write a sample as people read it; an empty one says nothing."""
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value in (None, {}) else str(value)


def _sentence(plain: Schema) -> str:
    """Return what a field means; the words of a whole shape are not those of a field that holds it."""
    return "" if "title" in plain else str(plain.get("description", "")).strip()


def _bounds(plain: Schema) -> str:
    """Say how long or how large."""
    if "maxLength" in plain:
        return f", at most {plain['maxLength']:,} characters"
    if "pattern" in plain:
        return f" like {plain['pattern']}"
    least, most = plain.get("minimum"), plain.get("maximum", HUGE)
    if least is None:
        return ""
    return f", {least:,} to {most:,}" if most < HUGE else f", {least:,} or more"


def _scalar(plain: Schema, named: Any) -> Any:
    """Make up a text or number within its bounds."""
    kind = plain.get("type")
    if kind == "boolean":
        return True
    if kind in {"integer", "number"}:
        return named if isinstance(named, int) else plain.get("minimum") or 1
    if kind != "string":
        return {}
    if "format" in plain:
        return FORMATS.get(str(plain["format"]), "…")
    text = named if isinstance(named, str) else "text"
    return text[: plain.get("maxLength", len(text))]
