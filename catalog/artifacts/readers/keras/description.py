"""The description of a Keras model, as it stands in config.json and in attributes of HDF5 files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from catalog.artifacts.readers import rules
from catalog.artifacts.readers.types import Refused, Unsafe, fact, shorten

CLASS = re.compile(r"[A-Z]\w{0,80}")
SHOWN = 20
FIX = "Build the model of layers that Keras brings along, and save it again; a Lambda layer carries code."
FIX_PATH = "Save the vocabulary inside of the model, as a list."


@dataclass
class Verdict:
    """What was found in a description: problems block, doubts need a person."""

    problems: list[Refused] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


def judge(value: object, where: str, name: str, *, legacy: bool) -> Verdict:
    """Judge a description; before version 3 of Keras classes stand in it without their module."""
    verdict = Verdict()
    for place, item in _objects(value):
        if len(verdict.problems) >= SHOWN:
            break
        label = f"{where}, {place}" if place else where
        if "class_name" in item:
            _class(item, label, name, verdict, legacy=legacy)
        _paths(item, label, name, verdict)
    if isinstance(value, dict) and isinstance(value.get("class_name"), str):
        verdict.facts = {"architecture": fact(shorten(value["class_name"], 100), where), "library": fact("keras", where)}
    return verdict


def _objects(value: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Go through all objects at all depths without recursion."""
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        path, item = waiting.pop()
        if isinstance(item, dict):
            yield path, item
            waiting.extend((f"{path}.{key}"[-200:].lstrip("."), inner) for key, inner in item.items() if isinstance(inner, dict | list))
        elif isinstance(item, list):
            waiting.extend((path, inner) for inner in item if isinstance(inner, dict | list))


def _class(item: dict[str, Any], label: str, name: str, verdict: Verdict, *, legacy: bool) -> None:
    class_name, module = item["class_name"], item.get("module")
    shown = shorten(f"{module}.{class_name}" if module else str(class_name), 120)
    if not isinstance(class_name, str) or not (module is None or isinstance(module, str)):
        verdict.problems.append(_unsafe(f"{name} names a class in an unknown way.", label))
    elif class_name in rules.names("keras", "denied"):
        verdict.problems.append(_unsafe(f"{name} holds “{shown}”, which carries code or loads it from elsewhere.", label))
    elif class_name in rules.names("keras", "values"):
        return
    elif not CLASS.fullmatch(class_name):
        _custom(item, shown, label, name, verdict)
    elif module is None and not legacy and class_name not in rules.names("keras", "classes"):
        verdict.problems.append(_unsafe(f"{name} names “{shown}” without saying where it comes from.", label))
    elif module is not None and module not in rules.names("keras", "modules"):
        verdict.problems.append(_unsafe(f"{name} needs “{shown}”, which is not part of Keras: loading imports it.", label))
    elif class_name not in rules.names("keras", "classes"):
        verdict.doubts.append(f"“{shown}” ({label}) is no class of Keras that is known here.")


def _custom(item: dict[str, Any], shown: str, label: str, name: str, verdict: Verdict) -> None:
    """A class registered by a program has “package>Class” for a name; it cannot be loaded without that program."""
    package, _, plain_name = str(item["class_name"]).partition(">")
    if package == "Custom" and plain_name in rules.names("keras", "classes"):
        return  # how some versions name the optimizers of Keras itself
    if plain_name and item.get("module") is None:
        verdict.doubts.append(f"“{shown}” ({label}) is a class of somebody's own program.")
    else:
        verdict.problems.append(_unsafe(f"{name} names “{shown}”, which is no class: loading calls it.", label))


def _paths(item: dict[str, Any], label: str, name: str, verdict: Verdict) -> None:
    for key in rules.names("keras", "paths") & item.keys():
        if isinstance(item[key], str) and item[key]:
            message = f"{name} takes “{key}” from the file “{shorten(item[key], 80)}” of the machine that loads it."
            verdict.problems.append(Unsafe(message, where=label, fix=FIX_PATH, check="keras.paths"))


def _unsafe(message: str, where: str) -> Unsafe:
    return Unsafe(message, where=shorten(where, 300), fix=FIX, check="keras.classes")
