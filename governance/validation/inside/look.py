"""One look at the text in files, in the sandbox: secrets, licence texts, settings, requirements and signatures, each as a few plain values."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from governance.validation.inside import bundles, licences, personal, requirements, settings
from governance.validation.inside.secrets import Finder, finder
from governance.validation.inside.strings import strings

SNIFF = 65536
MESSAGE = 200


def look_at_all(payload: Mapping[str, Any], files: Sequence[str]) -> dict[str, Any]:
    """Look at every file that the payload names, in the order of `files`, and at the texts it brings along."""
    rules = payload["rules"]
    find = finder(rules["secrets"])
    named = zip(payload["files"], files, strict=True)
    return {
        "files": [_file(name, Path(place), find, rules) for name, place in named],
        "texts": {key: _text(text, find, rules["personal"]) for key, text in payload["texts"].items()},
    }


def _file(name: str, path: Path, find: Finder, rules: Mapping[str, Any]) -> dict[str, Any]:
    """Say what is in one file; a file that makes this stumble is named, and the others are still looked at."""
    told: dict[str, Any] = {"name": name, "size": -1, "sha256": "", "whole": False, "problem": "", "secrets": [], "about": {}}
    try:
        told["size"] = path.stat().st_size
        _fill(told, path, find, rules)
    except Exception as fault:  # noqa: BLE001 - whatever a file provokes must end as "could not be looked at"
        told["problem"] = type(fault).__name__
    return told


def _fill(told: dict[str, Any], path: Path, find: Finder, rules: Mapping[str, Any]) -> None:
    name, bounds = told["name"], rules["secrets"]["bounds"]
    if not _is_text(path):
        text = strings(path, head=bounds["head_bytes"], tail=bounds["tail_bytes"])
        told["secrets"] = [[hit.what, 0, hit.sure] for hit in find.search(text, name) if hit.sure]
        return
    with path.open("rb") as stream:
        raw = stream.read(bounds["text_bytes"] + 1)
    told["whole"] = len(raw) <= bounds["text_bytes"]
    if told["whole"]:
        told["sha256"] = hashlib.sha256(raw).hexdigest()
    text = raw[: bounds["text_bytes"]].decode("utf-8", "replace")
    told["secrets"] = [[hit.what, hit.line, hit.sure] for hit in find.search(text, name)]
    told["about"] = _about(name, text, rules)


def _is_text(path: Path) -> bool:
    """Whether the beginning is text: no NUL, and hardly a byte that is not UTF-8."""
    with path.open("rb") as stream:
        start = stream.read(SNIFF)
    return b"\0" not in start and len(start.decode("utf-8", "ignore").encode()) >= 0.95 * len(start)


def _about(name: str, text: str, rules: Mapping[str, Any]) -> dict[str, Any]:
    """Read what a name promises."""
    if licences.is_one(name):
        return licences.matches(text, rules["licences"])
    if settings.is_one(name):
        return settings.read(text, name)
    if requirements.is_one(name):
        return requirements.read(text, name)
    return bundles.read(text) if bundles.is_one(name) else {}


def _text(text: str, find: Finder, rules: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "secrets": [[hit.what, hit.line, hit.sure] for hit in find.search(text, "")],
        "personal": personal.search(text, rules),
    }
