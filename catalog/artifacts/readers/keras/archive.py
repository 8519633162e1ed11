"""Keras v3 files: a zip of a description, metadata, weights in HDF5, and perhaps vocabularies as text."""

import re

from catalog.artifacts.readers.archives import zip as zips
from catalog.artifacts.readers.hdf5 import walk
from catalog.artifacts.readers.keras.description import FIX, judge
from catalog.artifacts.readers.texts import plain
from catalog.artifacts.readers.types import Broken, Finding, Reading, Refused, fact, shorten
from catalog.artifacts.readers.window import Window

DESCRIPTION = "config.json"
PLAIN = frozenset({"metadata.json", "model.weights.json", "quantization_config.json"})
WEIGHTS = re.compile(r"(model\.weights|variables|model_\d{5}\.weights|model\.weights_\d{5})\.h5")
ASSETS = re.compile(r"assets/[\w./ -]+\.(txt|json|csv)")


def read(window: Window, name: str) -> Reading:
    """Judge a Keras file by all its members."""
    members = {member.name: member for member in zips.members(window) if not member.folder}
    problems: list[Refused] = []
    notes = walk.Notes()
    for inner, member in members.items():
        try:
            opened = zips.opened(window, member)
            problems += _member(inner, opened, name, notes)
        except Refused as refused:
            refused.where = shorten(f"{inner}: {refused.where}" if refused.where else inner, 300)
            problems.append(refused)
    if DESCRIPTION not in members or not any(WEIGHTS.fullmatch(inner) for inner in members):
        problems.append(Broken(f"{name} has no description or no weights.", where=DESCRIPTION, fix=FIX))
    facts = notes.facts | {"parameters": fact(notes.parameters, "weights"), "tensors": fact(notes.datasets, "weights")}
    if problems:
        return Reading("keras", "block", [problem.finding() for problem in problems[:40]], facts)
    doubts = [Finding("keras.classes", "medium", shorten(f"{name}: {doubt}"), DESCRIPTION, FIX, "other") for doubt in notes.doubts[:20]]
    return Reading("keras", "review" if doubts else "allow", doubts, facts)


def _member(inner: str, opened: Window, name: str, notes: walk.Notes) -> list[Refused]:
    if inner == DESCRIPTION:
        verdict = judge(plain.parse_json(opened), DESCRIPTION, name, legacy=False)
        notes.doubts += verdict.doubts
        notes.facts |= verdict.facts
        return verdict.problems
    if inner in PLAIN:
        plain.parse_json(opened)
        return []
    if WEIGHTS.fullmatch(inner):
        found = walk.walk(opened, f"{name} → {inner}")
        notes.doubts += found.doubts
        notes.datasets += found.datasets
        notes.parameters += found.parameters
        return found.problems
    if ASSETS.fullmatch(inner):
        plain.text(opened)
        return []
    raise Broken(f"“{shorten(inner, 80)}” does not belong in a Keras file.", fix=FIX)
