"""Asking models a made-up question, in a sandbox of its own: never in a worker, and only what the gate allows.

What the very same bytes did is remembered by the process, so that many versions can be asked ahead in one sandbox.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marketplace import sandbox

ASK = sandbox.Task("governance.validation.inside.onnx_run.run_all", ("governance.validation.inside",), packages=True, calls=sandbox.NUMERICAL)
TASKS = (ASK,)  # what a scanner apart runs
GIGABYTE = 1024**3
MEGABYTE = 1024**2
PATIENCE = 3
REMEMBERED = 500
MISSING_FOR = 60.0  # seconds after which it is looked again whether onnxruntime is there
TOLD = frozenset({"name", "loads", "asked", "why", "inputs", "outputs", "problems", "milliseconds"})

_known: OrderedDict[tuple[str, int], tuple[dict[str, Any], str, str]] = OrderedDict()
_missing: dict[str, float] = {}


@dataclass(frozen=True)
class Model:
    """One model to ask: its name in the version, where its bytes are, their digest."""

    name: str
    path: Path
    sha256: str


@dataclass(frozen=True)
class Told:
    """What the models did, by which onnxruntime, in which sandbox; no models where it is not installed."""

    models: tuple[dict[str, Any], ...] | None
    version: str
    profile: str


def ask(models: Sequence[Model], bounds: Mapping[str, Any]) -> Told:
    """Return what each model did; raises BoundedError when the sandbox had to end it, ValueError for an answer of another shape."""
    most = int(bounds["most_elements"])
    unknown = [model for model in models if (model.sha256, most) not in _known]
    if unknown:
        profile = str(sandbox.choice().profile)
        if time.monotonic() - _missing.get(profile, -MISSING_FOR) < MISSING_FOR:
            return Told(None, "", profile)
        fresh = _ask(unknown, bounds)
        if fresh.models is None:
            _missing[profile] = time.monotonic()
            return fresh
        for model, entry in zip(unknown, fresh.models, strict=True):
            _known[model.sha256, most] = (entry, fresh.version, fresh.profile)
    found = [_known[model.sha256, most] for model in models]
    while len(_known) > REMEMBERED:
        _known.popitem(last=False)
    if not found:
        return Told((), "", "")
    told = tuple(entry | {"name": model.name} for model, (entry, _, _) in zip(models, found, strict=True))
    return Told(told, found[0][1], found[0][2])


def forget() -> None:
    """Ask every model anew."""
    _known.clear()
    _missing.clear()


def _ask(models: Sequence[Model], bounds: Mapping[str, Any]) -> Told:
    sizes = [model.path.stat().st_size for model in models]
    seconds = bounds["seconds"] + bounds["seconds_per_gigabyte"] * sum(sizes) / GIGABYTE
    memory = min(bounds["most_memory_mb"], int(bounds["memory_mb"] + bounds["memory_factor"] * max(sizes) / MEGABYTE))
    limits = sandbox.Limits(cpu_seconds=seconds, wall_seconds=PATIENCE * seconds, memory_mb=memory, answer_bytes=1_000_000)
    payload = {"files": [model.name for model in models], "most_elements": bounds["most_elements"]}
    told = sandbox.run(ASK, payload, files=[model.path for model in models], limits=limits)
    answer: Any = told.value
    if isinstance(answer, dict) and answer.get("missing") is True:
        return Told(None, "", told.profile)
    if not isinstance(answer, dict) or [set(entry) for entry in answer["models"]] != [set(TOLD)] * len(models):
        raise ValueError("The answer has another shape.")
    if [entry["name"] for entry in answer["models"]] != [model.name for model in models]:
        raise ValueError("The answer speaks of other files.")
    return Told(tuple(answer["models"]), str(answer["version"])[:40], told.profile)
