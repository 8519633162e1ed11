"""Pickles of every dress (plain, joblib, old and new torch files), judged by the names they would import, without loading them."""

import re
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from catalog.artifacts.readers import container
from catalog.artifacts.readers.arrays import WRAPPER, walk
from catalog.artifacts.readers.machine import COMPUTED, Import, Log, Machine, Made, Persistent
from catalog.artifacts.readers.types import Broken, Finding, Reading, Refused, TooMuch, Unsafe, Verdict, fact, shorten
from catalog.artifacts.readers.window import Window

TORCH_MAGIC = 0x1950A86A20F9469CFC6C
PICKLE_LIMIT = 1000
SHOWN = 20
UNPACK_LIMIT = 128 * 1024 * 1024
IDENTIFIER = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
ORDINARY = re.compile(r"data\.pkl|version|byteorder|data/\d+|\.data/serialization_id|\.format_version|\.storage_alignment")
PROGRAM = re.compile(r"(code/.*|constants\.pkl|.*\.py|.*\.so)")
STORAGES = {"FloatStorage": "F32", "DoubleStorage": "F64", "HalfStorage": "F16", "BFloat16Storage": "BF16", "LongStorage": "I64",
            "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8", "BoolStorage": "BOOL"}  # fmt: skip
FIX_CODE = "Save the weights as safetensors. Do not load this file: it can run any command on the machine that opens it."
FIX_REVIEW = "Save the weights as safetensors, or ask a reviewer of the security track to look at this exact file."


@cache
def known_imports() -> frozenset[str]:
    """Return the exact names that a reviewed pickle may import."""
    groups: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_name("globals.yaml").read_text(encoding="utf-8"))
    return frozenset(name for names in groups.values() for name in names)


def read(window: Window, name: str) -> Reading:
    """Judge a plain, joblib or old torch pickle."""
    log, top, problem = Log(), object(), None
    try:
        top = _sequence(window, log)
    except Refused as refused:
        problem = refused
    hidden = _second_look(window, log)
    return _judge("pickle", name, log, top, [problem] if problem else [], hidden=hidden)


def read_compressed(window: Window, name: str) -> Reading:
    """Unpack one level of zlib, as joblib writes it, and judge what is inside."""
    engine = zlib.decompressobj()
    try:
        data = engine.decompress(window.take(window.left), UNPACK_LIMIT + 1)
    except zlib.error as error:
        raise Broken("The compressed data cannot be unpacked.", where="byte 0", fix="Check that the upload was complete.") from error
    if len(data) > UNPACK_LIMIT:
        raise TooMuch(f"The file unpacks to more than {UNPACK_LIMIT:,} bytes.", fix=FIX_REVIEW)
    if not engine.eof or engine.unused_data:
        raise Broken("The compressed data is cut off, or something follows it.", fix="Check that the upload was complete.")
    inner = Window.over(data)
    if data[:1] not in (b"\x80", b"(", b"c", b"]", b"}"):
        raise Broken("The compressed file does not hold a pickle.", fix=FIX_REVIEW)
    return read(inner, name)


def read_torch(window: Window, name: str) -> Reading:
    """Judge a torch file: the pickle inside, and that nothing else is."""
    found = container.members(window)
    by_name = {member.name.partition("/")[2]: member for member in found}
    roots = {member.name.partition("/")[0] for member in found}
    log, problems, top = Log(), _foreign(by_name, roots), object()
    try:
        data = container.contents(window, by_name["data.pkl"])
        inner = Window.over(data)
        top = Machine(inner, log, persistent=True).run()
        if inner.left:
            raise Broken(f"{inner.left:,} bytes follow the pickle in data.pkl.", where="data.pkl", check="pickle.structure")
        _stored(log.persistent, by_name)
    except Refused as refused:
        problems.append(refused)
    return _judge("torch-zip", name, log, top, problems, inside="data.pkl, ")


def looks_like(window: Window, *, text: bool) -> bool:
    """Tell whether loading these bytes as a pickle would do something; text must import something to count."""
    log, complete = Log(), True
    try:
        walk(window, log, persistent=True)
    except Refused:
        complete = False
    if text:
        return bool(log.imports) and (complete or log.called > 0)
    return complete or log.called > 0


def _sequence(window: Window, log: Log) -> object:
    """Walk all pickles that follow each other to the end of the file; return what the most telling one makes."""
    top = walk(window, log)
    if top == TORCH_MAGIC:
        return _old_torch(window, log)
    count = 1
    while window.left:
        count += 1
        if count > PICKLE_LIMIT:
            raise TooMuch(f"More than {PICKLE_LIMIT} pickles follow each other.", where=f"byte {window.offset}")
        at = window.offset
        try:
            walk(window, log)
        except Broken as error:
            raise Broken(f"Something that is no pickle follows the pickle: {error.message}", where=f"byte {at}", check="pickle.structure",
                         fix="Save the file again, and check that the upload was complete.") from error  # fmt: skip
    return top


def _old_torch(window: Window, log: Log) -> object:
    """Walk the four pickles behind the magic number; the raw numbers behind them are never unpickled."""
    results = [Machine(window, log, persistent=True).run() for _ in range(4)]
    return results[2]


def _second_look(window: Window, log: Log) -> list[Import]:
    """Find imports that plain pickle would meet inside the bytes that joblib takes for numbers."""
    if not any(str(item) == WRAPPER for item in log.imports):
        return []
    plain = Log()
    window.go(0)
    try:
        while window.left:
            Machine(window, plain, persistent=True).run()
    except Refused:
        pass  # the numbers are no instructions: exactly what a good file looks like
    seen = {(item.offset, str(item)) for item in log.imports}
    return [item for item in plain.imports if (item.offset, str(item)) not in seen and _speakable(item)]


def _speakable(item: Import) -> bool:
    """Leave out what numbers look like by chance; a harmful call needs an import before it, which is never left out."""
    if item.module == COMPUTED:
        return item.opcode.startswith(("STACK_GLOBAL", "EXT"))
    return bool(IDENTIFIER.fullmatch(item.module) and IDENTIFIER.fullmatch(item.name))


def _foreign(by_name: dict[str, container.Member], roots: set[str]) -> list[Refused]:
    problems: list[Refused] = []
    if len(roots) != 1 or "data.pkl" not in by_name:
        problems.append(Broken("A torch file has one folder with one data.pkl in it.", fix=FIX_REVIEW))
    for inner in by_name:
        if PROGRAM.fullmatch(inner):
            problems.append(Unsafe(f"The torch file carries a program (“{shorten(inner, 80)}”).", where=inner, fix=FIX_CODE))
        elif not ORDINARY.fullmatch(inner):
            problems.append(Broken(f"“{shorten(inner, 80)}” does not belong in a torch file.", where=inner, fix=FIX_REVIEW))
    return problems[:SHOWN]


def _stored(persistent: list[Persistent], by_name: dict[str, container.Member]) -> None:
    for item in persistent:
        key = item.key
        if not isinstance(key, tuple) or len(key) < 5 or key[0] != "storage" or not isinstance(key[2], str):
            raise Broken("The pickle refers to its numbers in an unknown way.", where="data.pkl", check="pickle.structure")
        if f"data/{key[2]}" not in by_name:
            raise Broken(f"The numbers “{shorten(key[2], 40)}” are missing from the file.", where="data.pkl", check="pickle.structure")


def _judge(form: str, name: str, log: Log, top: object, problems: list[Refused], *, hidden: list[Import] | None = None, inside: str = "") -> Reading:
    """Weigh the imports and the problems of one file."""
    known = known_imports()
    bad = [item for item in log.imports if str(item) not in known] + [item for item in hidden or [] if str(item) not in known]
    findings = [_bad_import(name, item, inside) for item in bad[:SHOWN]]
    if len(bad) > SHOWN:
        findings.append(Finding("pickle.imports", "critical", f"{len(bad) - SHOWN:,} more imports are not known.", name, FIX_CODE, "code"))
    findings += [problem.finding() for problem in problems]
    verdict: Verdict = "block"
    if not findings:
        verdict = "review"
        named = sorted({str(item) for item in log.imports})
        what = f"It names only known classes: {', '.join(named[:SHOWN])}." if named else "It names no class at all."
        findings.append(Finding("pickle.imports", "medium", shorten(f"{name} is a pickle, so a person has to look at it. {what}"), name,
                                FIX_REVIEW, "other"))  # fmt: skip
    return Reading(form, verdict, findings, _facts(log, top))


def _bad_import(name: str, item: Import, inside: str) -> Finding:
    what = "a name that only exists once the code has run" if item.module == COMPUTED else f"“{shorten(str(item), 200)}”"
    where = f"{inside}byte {item.offset}, {item.opcode}"
    message = f"Loading {name} would import {what} ({where}), which is not on the list of known imports."
    return Finding("pickle.imports", "critical", shorten(message), where, FIX_CODE, "code")


def _facts(log: Log, top: object) -> dict[str, Any]:
    where = "pickle instructions"
    facts: dict[str, Any] = {"imports": fact(sorted({shorten(str(item), 200) for item in log.imports})[:200], where)}
    heads = {item.module.partition(".")[0] for item in log.imports}
    for head, library in (("sklearn", "scikit-learn"), ("torch", "pytorch"), ("xgboost", "xgboost"), ("lightgbm", "lightgbm")):
        if head in heads:
            facts["library"] = fact(library, where)
            break
    if isinstance(top, Made) and top.source is not None and top.source.module.startswith("sklearn"):
        facts["architecture"] = fact(shorten(top.source.name, 100), where)
    shapes = [made for made in log.calls if made.source is not None and made.source.name.startswith("_rebuild_tensor")]
    if shapes:
        facts["tensors"] = fact(len(shapes), where)
        facts["parameters"] = fact(sum(_count(made) for made in shapes), where)
        facts["dtypes"] = fact(_types(shapes), where)
    return facts


def _count(made: Made) -> int:
    shape = made.arguments[2] if isinstance(made.arguments, tuple) and len(made.arguments) > 2 else None
    if not isinstance(shape, tuple) or not all(type(side) is int and 0 <= side < 2**40 for side in shape):
        return 0
    count = 1
    for side in shape[:16]:
        count *= side
    return count


def _types(shapes: list[Made]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for made in shapes:
        first = made.arguments[0] if isinstance(made.arguments, tuple) and made.arguments else None
        key = first.key if isinstance(first, Persistent) else None
        kind = key[1] if isinstance(key, tuple) and len(key) > 1 else None
        label = STORAGES.get(kind.name, "other") if isinstance(kind, Import) else "other"
        counts[label] = counts.get(label, 0) + 1
    return dict(sorted(counts.items()))
