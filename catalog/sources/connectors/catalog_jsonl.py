"""Catalogs as JSON Lines: one record a line, in the schema that docs/how-to/import-a-catalog.md describes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catalog.sources.connectors.records import (
    LENGTHS,
    MAX_TEXT,
    Record,
    Unreadable,
    card_of,
    date_of,
    parameters_of,
    rows_of_datasets,
    rows_of_metrics,
    tags_of,
    text_of,
)

PROPRIETARY = ("proprietary", "commercial")
MAX_LINE = 4 * 1024**2


def read(path: Path) -> Iterator[tuple[int, Record | Unreadable]]:
    """Yield each line's number with its record, or with why it cannot be read; empty lines are passed over."""
    with path.open("rb") as lines:
        number = 0
        while line := lines.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                _skip_rest(lines, line)
                yield number, Unreadable(f"The line is longer than {MAX_LINE} bytes.")
            elif line.strip():
                yield number, parse(line)


def _skip_rest(lines: Any, line: bytes) -> None:
    """Read on to the end of an overlong line, without keeping it."""
    while line and not line.endswith(b"\n"):
        line = lines.readline(MAX_LINE)


def parse(line: bytes) -> Record | Unreadable:
    """Return the record of one line, or why there is none."""
    try:
        raw = json.loads(line)
        if not isinstance(raw, dict):
            return Unreadable("The line is no JSON object.")
        return record_of(raw)
    except Unreadable as wrong:
        return wrong
    except (ValueError, RecursionError) as wrong:
        return Unreadable(f"The line is no valid JSON: {str(wrong)[:150]}.")


def record_of(raw: dict[str, Any]) -> Record:
    """Return the record in an object; raise Unreadable when it names no model or a field has the wrong type."""
    external_id, name = text_of(raw.get("id"), "id"), text_of(raw.get("name"), "name", LENGTHS["display_name"])
    if not external_id or len(external_id) > 300:
        raise Unreadable("id is missing or longer than 300 characters.", "id")
    if not name.strip("\ufffd "):
        raise Unreadable("name is missing.", "name")
    facts: dict[str, Any] = {field: text_of(raw.get(field), field, limit) for field, limit in LENGTHS.items() if field != "display_name"}
    facts |= {"tags": tags_of(raw.get("tags") or []), "parameters": parameters_of(raw.get("params"))}
    is_api = facts["library"] == "api"
    origin = "vendor" if is_api or facts["license"].lower().startswith(PROPRIETARY) else "open"
    others = [
        ("identity.name", name[:120]),
        ("identity.origin", origin),
        ("identity.released_at", date_of(raw.get("created"))),
        ("identity.upstream_revision", text_of(raw.get("version"), "version", 120)),
        ("lineage.base_model", [facts["base_model"]] if facts["base_model"] else []),
        ("lineage.datasets", rows_of_datasets(raw.get("datasets") or [])),
        ("evaluation.metrics", rows_of_metrics(raw.get("metrics") or [])),
    ]
    provenance = {key: text_of(raw.get(key), key, 300) for key in ("source_repo", "source_path", "source_license", "url_host_stripped")}
    return Record(
        external_id=external_id,
        name=name,
        kind="hosted" if is_api else "files",
        origin=origin,
        facts=facts,
        card=card_of(facts, others),
        text=text_of(raw.get("description_md"), "description_md", MAX_TEXT),
        provenance={key: value for key, value in provenance.items() if value},
    )
