"""The single door to the readers: any bytes under any name go in, one reading comes out."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from catalog.artifacts.paths import check_path
from catalog.artifacts.readers import config, gguf, onnx, pickle, plain, safetensors
from catalog.artifacts.readers.identify import identify_window
from catalog.artifacts.readers.types import Broken, Finding, Reading, Refused, Unsafe, shorten
from catalog.artifacts.readers.window import Window

WEIGHTS = {".pt", ".pth", ".bin", ".ckpt"}
PICKLES = WEIGHTS | {".pkl", ".pickle", ".joblib", ".sav"}
TEXTS = {"", ".txt", ".md", ".csv", ".tsv", ".yaml", ".yml", ".jinja", ".jinja2", ".jsonl", ".cff", ".bib", ".in"}
# Which names a format may go by.
NAMES: dict[str, set[str]] = {
    "safetensors": {".safetensors"},
    "gguf": {".gguf"},
    "onnx": {".onnx"},
    "pickle": PICKLES,
    "zlib": PICKLES,
    "torch-zip": WEIGHTS,
    "json": TEXTS | {".json"},
    "text": TEXTS,
}
CODE_NAMES = {".py", ".pyw", ".pyc", ".pyo", ".pyd", ".pyx", ".so", ".dll", ".dylib", ".exe", ".sh", ".bash", ".bat", ".cmd", ".ps1", ".js",
              ".mjs", ".jar", ".class", ".ipynb", ".wasm", ".lua", ".pl", ".rb", ".r", ".vbs", ".scr", ".com"}  # fmt: skip
CODE_FORMATS = {"python": "Python code", "script": "a script", "native": "a native program or library", "notebook": "a notebook"}
TITLES = {"safetensors": "a safetensors file", "gguf": "a GGUF model", "onnx": "an ONNX model", "pickle": "a pickle", "text": "text",
          "zlib": "compressed data", "torch-zip": "a torch file", "zip": "a zip file", "hdf5": "an HDF5 file", "json": "JSON",
          "npy": "a NumPy array", "archive": "an archive", "unknown": "of an unknown kind"} | CODE_FORMATS  # fmt: skip
FIX_UNKNOWN = "Bring weights as safetensors, ONNX or GGUF, and everything else as JSON, YAML, Markdown or plain text."
FIX_CODE = "Remove the file from the version, or ask governance to look at this exact file."


def read_file(path: Path, name: str) -> Reading:
    """Judge one file; never raises, whatever the bytes, and never says allow when something went wrong."""
    form = "unknown"
    try:
        with Path(path).open("rb") as stream:
            window = Window(stream, 0, Path(path).stat().st_size)
            form = identify_window(window)
            return _read(window, name, form)
    except Refused as refused:
        return Reading(form, "block", [refused.finding()])
    except OSError as error:
        return _failed(form, name, f"The file could not be opened or read ({type(error).__name__}).")
    except MemoryError:
        return _failed(form, name, "The reader ran out of memory.")
    except Exception as error:  # noqa: BLE001 - whatever a hostile file provokes must end as "could not run"
        return _failed(form, name, f"The reader stumbled ({type(error).__name__}).")


def _failed(form: str, name: str, what: str) -> Reading:
    message = shorten(f"The check of {name} could not run. {what}")
    return Reading(form, "error", [Finding("files.read", "high", message, shorten(name, 200), "Run the checks again.", "other")])


def _read(window: Window, name: str, form: str) -> Reading:
    try:
        check_path(name)
    except ValueError as error:
        raise Broken(str(error), where=shorten(name, 200), fix="Rename the file.", check="files.paths") from error
    suffix = PurePosixPath(name).suffix.lower()
    shown = shorten(name, 200)
    if form == "empty":
        raise Broken(f"{shown} is empty.", where="byte 0", fix="Upload the file again, or leave it out.")
    if suffix in CODE_NAMES or form in CODE_FORMATS:
        what = CODE_FORMATS.get(form, "a program")
        raise Unsafe(f"{shown} is {what}: models here may not bring code to run.", where=shown, fix=FIX_CODE)
    if form not in NAMES:
        raise _unknown(shown, form)
    if suffix in NAMES[form]:
        return READERS[form](window, shown)
    return _disagreement(window, shown, suffix, form)


def _unknown(shown: str, form: str) -> Refused:
    return Refused(f"{shown} is {TITLES.get(form, form)}: not a format we can check.", where="byte 0", fix=FIX_UNKNOWN)


def _disagreement(window: Window, shown: str, suffix: str, form: str) -> Reading:
    """Refuse a file whose name promises something else; a hidden pickle is also read, so that its imports are named."""
    if form in {"text", "json"} and not any(suffix in names for names in NAMES.values()):
        raise Refused(f"{shown} has a name we do not know how to check.", where=shown, fix=FIX_UNKNOWN)
    message = f"{shown} ends in “{suffix}”, but its content is {TITLES[form]}."
    fix = "Give the file the ending of its real format, and check that the right file was uploaded."
    if form not in {"pickle", "zlib", "torch-zip"}:
        raise Broken(message, where="byte 0", fix=fix, check="files.identity")
    finding = Unsafe(message, where="byte 0", fix=fix, check="files.identity").finding()
    try:
        inner = READERS[form](window, shown)
    except Refused as refused:
        return Reading(form, "block", [finding, refused.finding()])
    return Reading(form, "block", [finding, *inner.findings], inner.facts)


def _strict(read: Callable[[Window], dict[str, Any]], form: str) -> Callable[[Window, str], Reading]:
    def reader(window: Window, _name: str) -> Reading:
        return Reading(form, "allow", [], read(window))

    return reader


def _json(window: Window, name: str) -> Reading:
    suffix = PurePosixPath(name).suffix.lower()
    if suffix != ".json":
        return _text(window, name)
    value = plain.parse_json(window)
    if isinstance(value, dict) and "nbformat" in value and "cells" in value:
        raise Unsafe(f"{name} is a notebook: models here may not bring code to run.", where="nbformat", fix=FIX_CODE)
    return Reading("json", "allow", [], config.check_json(value, name))


def _text(window: Window, name: str) -> Reading:
    return Reading("text", "allow", [], config.check_text(plain.text(window), name))


READERS: dict[str, Callable[[Window, str], Reading]] = {
    "safetensors": _strict(safetensors.read, "safetensors"),
    "gguf": _strict(gguf.read, "gguf"),
    "onnx": onnx.read,
    "pickle": pickle.read,
    "zlib": pickle.read_compressed,
    "torch-zip": pickle.read_torch,
    "json": _json,
    "text": _text,
}
