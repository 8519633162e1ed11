"""Reading request bodies: strict JSON of bounded depth, and raw bytes that are never held in memory."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from marketplace.errors import TooLarge
from marketplace.identifiers import is_storable

MAX_DEPTH = 30


class StrictJSONParser(BaseParser):
    """JSON without NaN, duplicate keys, NUL characters or absurd depth."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Return the parsed body, or raise a sentence that says what is wrong."""
        raw = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(raw) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge(f"The body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.", hint="Send files as files, not as JSON.")
        try:
            value = json.loads(raw.decode(), parse_constant=_refuse_constant, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as wrong:
            raise ParseError(f"The body is no valid JSON: {str(wrong)[:200]}.") from wrong
        check_shape(value)
        return value


class RawParser(BaseParser):
    """Any bytes; the view reads the stream itself."""

    media_type = "*/*"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Hand the stream on unread."""
        return stream


def _refuse_constant(name: str) -> None:
    """Refuse NaN and infinities: they are no JSON."""
    raise ValueError(f"{name} is not allowed")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that names a key twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names a key twice")
    return found


def check_shape(value: Any, depth: int = 0) -> None:
    """Refuse texts that the database cannot hold, and absurd depth."""
    if depth > MAX_DEPTH:
        raise ParseError(f"The body is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, str) and not is_storable(value):
        raise ParseError("A text holds a NUL character or half a surrogate pair; remove it.")
    if isinstance(value, dict):
        for key, item in value.items():
            check_shape(key, depth + 1)
            check_shape(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            check_shape(item, depth + 1)
