"""Torch files: a zip with one pickle and the raw numbers it names, and nothing else."""

import re

from catalog.artifacts.readers.archives import zip as zips
from catalog.artifacts.readers.pickles import tensors
from catalog.artifacts.readers.pickles.judge import FIX_CODE, FIX_REVIEW, SHOWN, judge
from catalog.artifacts.readers.pickles.machine import Machine
from catalog.artifacts.readers.pickles.symbols import Log
from catalog.artifacts.readers.types import Broken, Reading, Refused, Unsafe, shorten
from catalog.artifacts.readers.window import Window

ORDINARY = re.compile(r"data\.pkl|version|byteorder|data/\d+|\.data/serialization_id|\.format_version|\.storage_alignment")
PROGRAM = re.compile(r"(code/.*|constants\.pkl|.*\.py|.*\.so)")
# How long the small parts beside pickle and numbers may be.
SMALL_LIMIT = 1024
NUMBER = re.compile(rb"\d{1,6}\s?")
SMALL = {"version": NUMBER, ".format_version": NUMBER, ".storage_alignment": NUMBER, "byteorder": re.compile(rb"little|big")}


def read(window: Window, name: str) -> Reading:
    """Judge a torch file: the pickle inside, and that nothing else is."""
    found = zips.members(window)
    by_name = {member.name.partition("/")[2]: member for member in found}
    roots = {member.name.partition("/")[0] for member in found}
    log, problems, top = Log(), _foreign(by_name, roots), object()
    if "data.pkl" in by_name:
        try:
            data = zips.contents(window, by_name["data.pkl"])
            inner = Window.over(data)
            top = Machine(inner, log, persistent=True).run()
            if inner.left:
                raise Broken(f"{inner.left:,} bytes follow the pickle in data.pkl.", where="data.pkl", check="pickle.structure")
            _stored(log, by_name)
            _small(window, by_name)
        except Refused as refused:
            problems.append(refused)
    return judge("torch-zip", name, log, top, problems, inside="data.pkl, ")


def _small(window: Window, by_name: dict[str, zips.Member]) -> None:
    """What torch reads besides: the version is a number, the order of bytes one of two."""
    for name, wanted in SMALL.items():
        if name in by_name and not wanted.fullmatch(zips.contents(window, by_name[name])):
            raise Broken(f"“{name}” in the torch file is not what torch writes.", where=name, fix=FIX_REVIEW)


def _foreign(by_name: dict[str, zips.Member], roots: set[str]) -> list[Refused]:
    problems: list[Refused] = []
    if len(roots) != 1 or "data.pkl" not in by_name:
        problems.append(Broken("A torch file has one folder with one data.pkl in it.", fix=FIX_REVIEW))
    for inner, member in by_name.items():
        if PROGRAM.fullmatch(inner):
            problems.append(Unsafe(f"The torch file carries a program (“{shorten(inner, 80)}”).", where=inner, fix=FIX_CODE))
        elif not ORDINARY.fullmatch(inner) or (not inner.startswith("data") and member.size > SMALL_LIMIT):
            problems.append(Broken(f"“{shorten(inner, 80)}” does not belong in a torch file.", where=inner, fix=FIX_REVIEW))
    return problems[:SHOWN]


def _stored(log: Log, by_name: dict[str, zips.Member]) -> None:
    """Demand that all numbers are there in their full length, and that every tensor lies inside of them."""
    for storage in tensors.storages(log).values():
        member = by_name.get(f"data/{storage.key}")
        label = f"The numbers “{shorten(storage.key, 40)}”"
        if member is None:
            raise Broken(f"{label} are missing from the file.", where="data.pkl", check="pickle.structure")
        if member.size != storage.values * storage.width:
            message = f"{label} have {member.size:,} bytes instead of {storage.values * storage.width:,}."
            raise Broken(message, where=f"data/{storage.key}", check="pickle.structure")
    tensors.check(log)
