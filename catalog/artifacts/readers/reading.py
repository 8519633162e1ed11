"""The single door to the readers: any bytes under any name go in, one reading comes out."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from catalog.artifacts.paths import check_path
from catalog.artifacts.readers import gguf, onnx, polyglot, safetensors, sentencepiece, texts
from catalog.artifacts.readers.archives import inside, packed, tar, walk
from catalog.artifacts.readers.hdf5 import walk as hdf5
from catalog.artifacts.readers.identify import identify_window
from catalog.artifacts.readers.keras import archive as keras
from catalog.artifacts.readers.names import CODE_FILES, CODE_FORMATS, CODE_NAMES, ENDINGS, NAMES, PACKED, PICKLES, TITLES
from catalog.artifacts.readers.numbers import npy
from catalog.artifacts.readers.pickles import plain, torch_zip
from catalog.artifacts.readers.tensorflow import index, saved
from catalog.artifacts.readers.texts import xml
from catalog.artifacts.readers.trees import lightgbm, xgboost
from catalog.artifacts.readers.types import Broken, Finding, Reading, Refused, Unsafe, shorten
from catalog.artifacts.readers.window import Window

__all__ = ["CODE_NAMES", "PICKLES", "read_file"]

FIX_UNKNOWN = "Bring weights as safetensors, ONNX or GGUF, and everything else as JSON, YAML, Markdown or plain text."
FIX_CODE = "Remove the file from the version, or ask governance to look at this exact file."
FIX_NAME = "Give the file the ending of its real format, and check that the right file was uploaded."
# Formats whose content is worth naming even when the file name lies about it.
WORTH_NAMING = frozenset({"pickle", "torch-zip", "zip", "tar", "npy", "npz", "keras", "hdf5"} | PACKED)


def read_file(path: Path, name: str) -> Reading:
    """Judge one file; never raises, whatever the bytes, and never says allow when something went wrong."""
    form = "unknown"
    try:
        with Path(path).open("rb") as stream:
            window = Window(stream, 0, Path(path).stat().st_size)
            form = identify_window(window)
            return _judge(window, name, _shown(name), form, level=0)
    except Refused as refused:
        return _blocked(form, name, refused)
    except OSError as error:
        return _failed(form, name, f"The file could not be opened or read ({type(error).__name__}).")
    except MemoryError:
        return _failed(form, name, "The reader ran out of memory.")
    except Exception as error:  # noqa: BLE001 - whatever a hostile file provokes must end as "could not run"
        return _failed(form, name, f"The reader stumbled ({type(error).__name__}).")


def _shown(name: str) -> str:
    """Return a name for messages. Its last part stays whole: rules for files of one name go by it."""
    return shorten(name, 300) if len(name) <= 300 else f"…/{shorten(name.rpartition('/')[2], 300)}"


def _blocked(form: str, name: str, refused: Refused) -> Reading:
    refused.where = refused.where or shorten(name, 200)
    return Reading(form, "block", [refused.finding()])


def _failed(form: str, name: str, what: str) -> Reading:
    message = shorten(f"The check of {name} could not run. {what}")
    return Reading(form, "error", [Finding("files.read", "high", message, shorten(name, 200), "Run the checks again.", "other")])


def _judge(window: Window, name: str, shown: str, form: str, level: int) -> Reading:
    """Judge one file or member; `shown` is the way to it through its archives."""
    try:
        check_path(name)
    except ValueError as error:
        raise Broken(str(error), where=shorten(name, 200), fix="Rename the file.", check="files.paths") from error
    suffix = PurePosixPath(name).suffix.lower()
    if form == "empty":
        return _empty(name, shown)
    if suffix in CODE_NAMES or form in CODE_FORMATS or PurePosixPath(name).name.lower() in CODE_FILES:
        what = CODE_FORMATS.get(form, "a program")
        raise Unsafe(f"{shown} is {what}: models here may not bring code to run.", where=shown, fix=FIX_CODE)
    if form in PACKED:
        return _packed(window, name, shown, form, level)
    if form not in NAMES:
        raise Refused(f"{shown} is {TITLES.get(form, form)}: not a format we can check.", where="byte 0", fix=FIX_UNKNOWN)
    if suffix not in NAMES[form]:
        return _disagreement(window, shown, suffix, form, level)
    reading = _read(window, shown, form, level)
    if reading.verdict in {"allow", "review"}:
        polyglot.check(window, form, shown)
    return reading


def _empty(name: str, shown: str) -> Reading:
    """An empty file is broken, but for those that only mark a folder."""
    if PurePosixPath(name).name in {".gitkeep", ".keep"}:
        return Reading("empty", "allow")
    raise Broken(f"{shown} is empty.", where="byte 0", fix="Upload the file again, or leave it out.")


def _read(window: Window, shown: str, form: str, level: int) -> Reading:
    if form in CONTAINERS:
        if level >= inside.NESTING_LIMIT:
            raise inside.too_deep(shown)
        return CONTAINERS[form](window, _looking(shown, level + 1))
    return READERS[form](window, shown)


def _looking(outer: str, level: int) -> inside.Look:
    """Return what judges the members of one container; a member that is refused blocks, and the others are still looked at."""

    def look(window: Window, name: str) -> Reading:
        form = identify_window(window)
        shown = f"{outer} → {_shown(name)}"
        try:
            return _judge(window, name, shown, form, level)
        except Refused as refused:
            return _blocked(form, name, refused)

    return look


def _packed(window: Window, name: str, shown: str, form: str, level: int) -> Reading:
    """Unpack one stream and judge what is inside under the name that is left; pickles may be packed without saying so."""
    if level >= inside.NESTING_LIMIT:
        raise inside.too_deep(shown)
    inner = packed.inner_name(form, name)
    agrees = inner is not None or PurePosixPath(name).suffix.lower() in PICKLES
    below = packed.unpacked(window, form)
    kind = identify_window(below)
    try:
        if kind in PACKED:
            raise inside.too_deep(shown)
        # A tar in a stream is one archive to everybody, so that it counts once.
        inside_of = f"{shown} → {_shown(PurePosixPath(inner or name).name)}"
        reading = _judge(below, inner or name, inside_of, kind, level if kind == "tar" else level + 1)
    except Refused as refused:
        reading = _blocked(kind, inner or name, refused)
    if agrees and (inner is not None or kind == "pickle"):
        return reading
    finding = _disagrees(shown, PurePosixPath(name).suffix.lower(), form).finding()
    return Reading(reading.format, "block", [finding, *reading.findings], reading.facts)


def _disagrees(shown: str, suffix: str, form: str) -> Refused:
    message = f"{shown} ends in “{suffix}”, but its content is {TITLES[form]}."
    return Broken(message, where="byte 0", fix=FIX_NAME, check="files.identity")


def _disagreement(window: Window, shown: str, suffix: str, form: str, level: int) -> Reading:
    """Refuse a file whose name promises something else; what could run in it is also read, so that it is named."""
    if form in {"text", "json", "xml"} and suffix not in ENDINGS:
        raise Refused(f"{shown} has a name we do not know how to check.", where=shown, fix=FIX_UNKNOWN)
    problem = _disagrees(shown, suffix, form)
    if form not in WORTH_NAMING:
        raise problem
    if form in {"pickle", "torch-zip"}:
        problem = Unsafe(problem.message, where=problem.where, fix=problem.fix, check=problem.check)
    try:
        inner = _read(window, shown, form, level)
    except Refused as refused:
        return Reading(form, "block", [problem.finding(), refused.finding()])
    return Reading(form, "block", [problem.finding(), *inner.findings], inner.facts)


def _strict(read: Callable[[Window], dict[str, Any]], form: str) -> Callable[[Window, str], Reading]:
    def reader(window: Window, _name: str) -> Reading:
        return Reading(form, "allow", [], read(window))

    return reader


CONTAINERS: dict[str, Callable[[Window, inside.Look], Reading]] = {
    "zip": walk.read_zip,
    "tar": lambda window, look: inside.members("tar", tar.members(window), look),
}
READERS: dict[str, Callable[[Window, str], Reading]] = {
    "safetensors": _strict(safetensors.read, "safetensors"),
    "gguf": _strict(gguf.read, "gguf"),
    "onnx": onnx.read,
    "pickle": plain.read,
    "torch-zip": torch_zip.read,
    "npy": npy.read,
    "npz": npy.read_npz,
    "hdf5": hdf5.read,
    "keras": keras.read,
    "tensorflow": saved.read,
    "tensor-index": index.read,
    "sentencepiece": sentencepiece.read,
    "ubjson": xgboost.read_binary,
    "lightgbm": lightgbm.read,
    "xml": xml.read,
    "json": texts.read_json,
    "text": texts.read_text,
}
