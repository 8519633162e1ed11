"""The walk through an HDF5 file: every object that can be reached, each once."""

import json
from dataclasses import dataclass, field
from typing import Any

from catalog.artifacts.readers.hdf5 import attributes, datasets, links
from catalog.artifacts.readers.hdf5.attributes import Attribute
from catalog.artifacts.readers.hdf5.file import FIX, FIX_OUTSIDE, File, superblock
from catalog.artifacts.readers.hdf5.headers import Message, messages
from catalog.artifacts.readers.keras.description import judge
from catalog.artifacts.readers.pickles import plain
from catalog.artifacts.readers.types import Broken, Finding, Reading, Refused, TooMuch, Unsafe, fact, shorten
from catalog.artifacts.readers.window import Window

OBJECT_LIMIT = 100_000
PICKLE_LIMIT = 1024 * 1024
SHARED = 2
EXTENSION = "superblock extension"
# Attributes in which Keras keeps the description of a model.
DESCRIPTIONS = frozenset({"model_config", "training_config"})
FIX_PICKLE = "Save plain values: libraries unpickle such attributes, which can run any command."


@dataclass
class Notes:
    """What the walk gathers."""

    datasets: int = 0
    parameters: int = 0
    doubts: list[str] = field(default_factory=list)
    problems: list[Refused] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


def read(window: Window, name: str) -> Reading:
    """Judge an HDF5 file."""
    notes = walk(window, name)
    findings = [problem.finding() for problem in notes.problems]
    if findings:
        return Reading("hdf5", "block", findings, _facts(notes))
    doubts = [Finding("hdf5.filters", "medium", shorten(f"{name}: {doubt}"), "filters", FIX, "other") for doubt in notes.doubts[:20]]
    return Reading("hdf5", "review" if doubts else "allow", doubts, _facts(notes))


def walk(window: Window, name: str) -> Notes:
    """Follow everything in the file; problems that concern one object are gathered, a broken structure ends the walk."""
    file, waiting = superblock(window)
    notes, seen = Notes(), set[int]()
    places = [(address, path) for address, path in zip(waiting, ("/", EXTENSION), strict=False)]
    while places:
        address, path = places.pop()
        if address in seen:
            continue
        seen.add(address)
        if len(seen) > OBJECT_LIMIT:
            raise TooMuch(f"The HDF5 file has more than {OBJECT_LIMIT:,} objects.", where=path)
        try:
            places += _object(file, address, path, notes, name)
        except Unsafe as problem:
            notes.problems.append(problem)
            if len(notes.problems) > 20:
                break
    return notes


def _object(file: File, address: int, path: str, notes: Notes, name: str) -> list[tuple[int, str]]:
    """Judge one object and return its members."""
    found = messages(file, address)
    members: list[tuple[int, str]] = []
    for message in found:
        if message.kind in (0x0F, 0x14):
            raise Unsafe("The HDF5 file is spread over several files, or shares parts in a way that is not followed.",
                         where=f"byte {message.start}", fix=FIX_OUTSIDE, check="hdf5.outside")  # fmt: skip
        for inner, place in _members(file, message):
            members.append((place, shorten(f"{path}{inner}/", 300)))
        for attribute in _attributes(file, message):
            _attribute(attribute, path, notes, name)
    kinds = {message.kind for message in found}
    if 8 in kinds:
        _dataset(file, found, notes, path)
    elif not kinds & {0x02, 0x03, 0x11} and path != EXTENSION:
        raise Broken(f"The object {path} is neither a group nor a dataset.", where=f"byte {address}", fix=FIX)
    return members


def _members(file: File, message: Message) -> list[tuple[str, int]]:
    if message.kind == 0x11:
        return list(links.old_group(file, message))
    if message.kind == 0x02:
        return list(links.dense(file, message))
    if message.kind == 0x06:
        found = links.link(file, message.start, message.size)
        return [found] if found is not None else []
    return []


def _attributes(file: File, message: Message) -> list[Attribute]:
    if message.kind == 0x0C:
        if message.flags & SHARED:
            raise TooMuch("An attribute is shared between objects, which is not followed.", where=f"byte {message.start}")
        return [attributes.read(file, message.start, message.size)]
    return list(attributes.dense(file, message)) if message.kind == 0x15 else []


def _attribute(attribute: Attribute, path: str, notes: Notes, name: str) -> None:
    raw = attribute.raw
    if raw is None:
        return
    where = shorten(f"attribute “{attribute.name}” of {path}", 200)
    if attribute.name == "PSEUDOATOM" and raw.rstrip(b"\0") == b"object":
        raise Unsafe(f"{name} keeps pickles in a table ({where}), which libraries load.", where=where, fix=FIX_PICKLE, check="pickle.imports")
    if attribute.name in DESCRIPTIONS:
        notes.problems += _description(raw, where, name, notes)
    elif raw and plain.looks_like(Window.over(raw[:PICKLE_LIMIT]), text=True):
        raise Unsafe(f"{name} hides a pickle in the {where}.", where=where, fix=FIX_PICKLE, check="pickle.imports")


def _description(raw: bytes, where: str, name: str, notes: Notes) -> list[Refused]:
    """Judge the description of a Keras model as of old times."""
    try:
        value = json.loads(raw.rstrip(b"\0").decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Broken(f"The {where} is not JSON.", where=where, fix=FIX) from error
    verdict = judge(value, where, name, legacy=True)
    notes.doubts += verdict.doubts
    notes.facts |= verdict.facts
    return list(verdict.problems)


def _dataset(file: File, found: list[Message], notes: Notes, path: str) -> None:
    types = [message for message in found if message.kind == 3]
    spaces = [message for message in found if message.kind == 1]
    if len(types) != 1 or len(spaces) != 1:
        raise Broken(f"The dataset {path} has no type or no shape.", where=path, fix=FIX)
    if (types[0].flags | spaces[0].flags) & SHARED:
        kind = _shared(file, types[0])
    else:
        kind = datasets.datatype(file, types[0].start, types[0].size)
    count = datasets.dataspace(file, spaces[0].start)
    notes.doubts += datasets.check(file, found, kind, count)
    notes.datasets += 1
    notes.parameters += count


def _shared(file: File, message: Message) -> datasets.Type:
    """Follow a type that has a name of its own."""
    window = file.window
    window.go(message.start)
    version = file.version(1, 2, 3)
    kind = window.unsigned(1)
    window.skip(6 if version == 1 else 0)
    if version == 3 and kind != SHARED:
        raise TooMuch("A type is shared in a way that is not followed.", where=f"byte {message.start}")
    inner = [item for item in messages(file, file.address("a type")) if item.kind == 3 and not item.flags & SHARED]
    if len(inner) != 1:
        raise Broken("A type of the HDF5 file is missing.", where=f"byte {message.start}", fix=FIX)
    return datasets.datatype(file, inner[0].start, inner[0].size)


def _facts(notes: Notes) -> dict[str, Any]:
    return {"parameters": fact(notes.parameters, "datasets"), "tensors": fact(notes.datasets, "datasets")} | notes.facts
