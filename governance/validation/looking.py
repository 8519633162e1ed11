"""Looks at the text in all files of a version, in one sandbox, once for all checks that ask about it; what could not be looked at says so."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog.artifacts.readers.types import shorten
from governance.validation.rules import RulesBroken, rules
from marketplace import sandbox

LOOK = sandbox.Task("governance.validation.inside.look.look_at_all", ("governance.validation.inside",), packages=True)
TASKS = (LOOK,)  # what a scanner apart runs
AT_ONCE = 200
SECONDS = 15.0
SECONDS_PER_FILE = 0.2
BYTES_PER_SECOND = 2 * 1024 * 1024
TEXT_BYTES = 64 * 1024 * 1024
MEMORY_MB = 1024
PATIENCE = 3
NOT_READ = "Its bytes are not in the store."
ANSWERED = frozenset({"name", "size", "sha256", "whole", "problem", "secrets", "about"})


@dataclass(frozen=True)
class Hit:
    """Something that looks like a secret: what, in which line (0: inside a binary file), whether its form alone makes it one."""

    what: str
    line: int
    sure: bool


@dataclass(frozen=True)
class Look:
    """What was seen in one file. `whole`: it is text, and all of it was seen. `problem`: nothing was, and why."""

    whole: bool = False
    secrets: tuple[Hit, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    profile: str = sandbox.NONE


@dataclass(frozen=True)
class TextLook:
    """What was seen in a text of ours: secrets, and personal data as (what, line)."""

    secrets: tuple[Hit, ...] = ()
    personal: tuple[tuple[str, int], ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Item:
    """A file to look at: where its bytes are, its name in the version, its digest."""

    path: Path
    name: str
    sha256: str


def look(items: Sequence[Item], texts: Mapping[str, str]) -> tuple[dict[str, Look], dict[str, TextLook]]:
    """Look at files and texts. If many together fail, each is tried alone, so that one bad file blames only itself."""
    files: dict[str, Look] = {}
    said: dict[str, TextLook] = {}
    for number, some in enumerate(_batches(items)):
        found = _attempt(some, {} if number else texts)
        if found is None:
            found = _one_by_one(some), (_attempt([], texts) or ({}, {}))[1] if not number else {}
        files |= found[0]
        said |= found[1]
    return files, said


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Cut them into what one sandbox takes; one without files when there are none."""
    for start in range(0, max(1, len(items)), AT_ONCE):
        yield items[start : start + AT_ONCE]


def _one_by_one(items: Sequence[Item]) -> dict[str, Look]:
    found: dict[str, Look] = {}
    for item in items:
        found |= (_attempt([item], {}) or ({item.name: Look(problem="It could not be looked at.")}, {}))[0]
    return found


def _attempt(items: Sequence[Item], texts: Mapping[str, str]) -> tuple[dict[str, Look], dict[str, TextLook]] | None:
    """Ask one sandbox; None when it failed and the blame is not clear yet."""
    try:
        return _ask(items, texts)
    except (sandbox.BoundedError, ValueError, OSError) as fault:
        clear = isinstance(fault, sandbox.Unavailable | sandbox.ScannerAway | RulesBroken)
        if not clear and len(items) > 1:
            return None
        why = shorten(str(fault), 200) if clear else f"It could not be looked at ({type(fault).__name__})."
        return {item.name: Look(problem=why) for item in items}, {key: TextLook(problem=why) for key in texts}


def _ask(items: Sequence[Item], texts: Mapping[str, str]) -> tuple[dict[str, Look], dict[str, TextLook]]:
    sizes = [item.path.stat().st_size for item in items]
    known = {"secrets": rules("secrets").data, "personal": rules("personal").data, "licences": rules("licences").data["texts"]}
    payload = {"files": [item.name for item in items], "texts": dict(texts), "rules": known}
    looked_at = sum(min(size, TEXT_BYTES) for size in sizes) + sum(map(len, texts.values()))
    seconds = SECONDS + SECONDS_PER_FILE * len(items) + looked_at / BYTES_PER_SECOND
    limits = sandbox.Limits(cpu_seconds=seconds, wall_seconds=PATIENCE * seconds, memory_mb=MEMORY_MB)
    told = sandbox.run(LOOK, payload, files=[item.path for item in items], limits=limits)
    answer: Any = told.value
    if not isinstance(answer, dict) or set(answer) != {"files", "texts"} or not isinstance(answer["files"], list):
        raise ValueError("the answer has another shape")
    if len(answer["files"]) != len(items) or set(answer["texts"]) != set(texts):
        raise ValueError("the answer speaks of other files")
    files = {item.name: _accept(item, size, entry, told.profile) for item, size, entry in zip(items, sizes, answer["files"], strict=True)}
    return files, {key: _text(entry) for key, entry in answer["texts"].items()}


def _accept(item: Item, size: int, entry: Any, profile: str) -> Look:
    """Take over what was seen only when it speaks of the file that was asked about."""
    if not isinstance(entry, dict) or set(entry) != ANSWERED:
        raise ValueError("the answer has another shape")
    if entry["problem"]:
        return Look(problem=f"It could not be looked at ({shorten(str(entry['problem']), 80)}).", profile=profile)
    if entry["name"] != item.name or entry["size"] != size or (entry["sha256"] and item.sha256 and entry["sha256"] != item.sha256):
        return Look(problem="The answer spoke of other bytes.", profile=profile)
    if not isinstance(entry["about"], dict):
        raise ValueError("the answer has another shape")  # noqa: TRY004 - every wrong shape is the same error
    return Look(entry["whole"] is True, _hits(entry["secrets"]), entry["about"], "", profile)


def _text(entry: Any) -> TextLook:
    if not isinstance(entry, dict) or set(entry) != {"secrets", "personal"}:
        raise ValueError("the answer has another shape")
    return TextLook(_hits(entry["secrets"]), tuple((shorten(str(what), 100), int(line)) for what, line in entry["personal"]))


def _hits(entries: Any) -> tuple[Hit, ...]:
    return tuple(Hit(shorten(str(what), 100), int(line), sure is True) for what, line, sure in entries)
