"""Loads ONNX models with onnxruntime and asks each a made-up question; alone in the sandbox, and only models that the gate allows."""

import importlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

LETTERS = 64  # how long a sequence is where the model leaves it open
WORDS = ("seq", "length", "len", "time", "token", "frames", "width", "height")


def run_all(payload: Mapping[str, Any], files: Sequence[str]) -> dict[str, Any]:
    """Return, for each model, whether it loads and what it answers; "missing" where onnxruntime is not installed."""
    try:
        runtime = importlib.import_module("onnxruntime")
    except ImportError:
        return {"missing": True, "models": []}
    runtime.set_default_logger_severity(4)
    models = [_one(runtime, name, place, payload["most_elements"]) for name, place in zip(payload["files"], files, strict=True)]
    return {"missing": False, "version": str(runtime.__version__), "models": models}


def _one(runtime: Any, name: str, place: str, most: int) -> dict[str, Any]:
    told: dict[str, Any] = {"name": name, "loads": False, "asked": False, "why": "", "inputs": [], "outputs": [], "problems": [], "milliseconds": 0}
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_mem_pattern = False
    begun = time.monotonic()
    try:
        session = runtime.InferenceSession(place, options, providers=["CPUExecutionProvider"])
    except Exception as fault:  # noqa: BLE001 - the library raises kinds of its own; each means that the model does not load
        return told | {"why": _said(fault, place)}
    told["loads"] = True
    told["inputs"] = [[item.name[:100], item.type[:40], _shape(item.shape)] for item in session.get_inputs()[:50]]
    try:
        feed = {item.name: _made_up(item, most) for item in session.get_inputs()}
        answers = session.run(None, feed)
    except _TooLarge as fault:
        return told | {"why": str(fault)}
    except Exception as fault:  # noqa: BLE001 - as above
        return told | {"asked": True, "problems": [f"It did not answer: {_said(fault, place)}"]}
    declared = session.get_outputs()
    told["outputs"] = [[item.name[:100], item.type[:40], list(getattr(answer, "shape", ()))] for item, answer in zip(declared, answers, strict=True)][
        :50
    ]
    told["problems"] = [problem for item, answer in zip(declared, answers, strict=True) for problem in _problems(item, answer)][:20]
    return told | {"asked": True, "milliseconds": int(1000 * (time.monotonic() - begun))}


class _TooLarge(ValueError):
    """The question would be larger than the bound allows, or of a kind that cannot be made up."""


def _said(fault: Exception, place: str) -> str:
    return " ".join(str(fault).replace(place, "the file").split())[:300]


def _shape(shape: Sequence[Any]) -> list[Any]:
    return [side if isinstance(side, int) else str(side)[:40] for side in shape][:16]


def _made_up(item: Any, most: int) -> Any:
    """Make an input of the declared kind and shape: small numbers, ones for what counts or masks, short text."""
    numpy = importlib.import_module("numpy")
    shape = [side if isinstance(side, int) and side > 0 else _guess(side) for side in item.shape]
    elements = 1
    for side in shape:
        elements *= side
    if elements > most:
        raise _TooLarge(f"The input {item.name[:80]} has {elements:,} values; at most {most:,} are made up.")
    kind = item.type.removeprefix("tensor(").removesuffix(")")
    if kind in {"float", "double", "float16"}:
        values = numpy.random.default_rng(7).uniform(0, 1, shape)
        return values.astype({"float": "float32", "double": "float64", "float16": "float16"}[kind])
    if kind in {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}:
        return numpy.ones(shape, dtype=kind)
    if kind == "bool":
        return numpy.ones(shape, dtype=bool)
    if kind == "string":
        return numpy.full(shape, "a short text", dtype=object)
    raise _TooLarge(f"The input {item.name[:80]} is of the kind {item.type[:40]}, which cannot be made up.")


def _guess(side: object) -> int:
    return LETTERS if isinstance(side, str) and any(word in side.lower() for word in WORDS) else 1


def _problems(item: Any, answer: Any) -> list[str]:
    """Say what is wrong with one answer: not a number, infinite, or of another shape than declared."""
    numpy = importlib.import_module("numpy")
    name = item.name[:80]
    if not isinstance(answer, numpy.ndarray):
        return []
    found = []
    if answer.dtype.kind == "f" and not bool(numpy.isfinite(answer).all()):
        found.append(f"The output {name} holds values that are infinite or no numbers.")
    declared = item.shape
    differs = len(declared) != answer.ndim or any(
        isinstance(side, int) and side > 0 and side != got for side, got in zip(declared, answer.shape, strict=True)
    )
    if declared and differs:
        found.append(f"The output {name} has the shape {list(answer.shape)}; declared is {_shape(declared)}.")
    return found
