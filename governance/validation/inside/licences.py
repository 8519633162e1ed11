"""Which licence a text is: by the phrases that stand in no other one."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

NAME = re.compile(r"(licen[cs]e|copying|unlicense|use_policy|notice)([-_.][\w.-]*)?", re.IGNORECASE)
DECLARED = re.compile(r"SPDX-License-Identifier:\s*([\w.+() -]{1,200})")
MOST = 400_000


def is_one(name: str) -> bool:
    """Whether a file holds the text of a licence, by its name."""
    base = name.rpartition("/")[2]
    return bool(NAME.fullmatch(base)) and not base.lower().endswith((".json", ".yaml", ".yml"))


def matches(text: str, phrases: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the licences all of whose phrases stand in the text; one whose name holds another's goes before it."""
    flat = plain(text[:MOST])
    found = [key for key, needed in phrases.items() if all(phrase in flat for phrase in needed)]
    declared = DECLARED.search(text)
    return {"licence": found, "declared": declared.group(1).strip() if declared else ""}


def plain(text: str) -> str:
    """Return the words alone, in small letters, one space between them."""
    return f" {' '.join(re.findall(r'[a-z0-9]+', text.lower()))} "
