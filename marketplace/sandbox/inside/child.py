"""Confine this process, call the task, answer with one line of JSON."""

import importlib
import json
import os
from collections.abc import Mapping
from typing import Any

from marketplace.sandbox.inside.confine import confine

MESSAGE = 300


def main(order: Mapping[str, Any]) -> None:
    """Carry out the order and end; every failure is told, as far as the process still can."""
    channel = os.dup(1)
    # What a library prints must not end up inside the answer.
    os.dup2(2, 1)
    try:
        confine(order)
        line = json.dumps({"answer": _call(order)}, allow_nan=False)
    except BaseException as fault:  # noqa: BLE001 - a task that exits or runs out of memory has given no answer either
        line = json.dumps({"fault": f"{type(fault).__name__}: {fault}"[:MESSAGE]})
    with open(channel, "w", encoding="utf-8") as stream:
        stream.write(f"{line}\n")
    os._exit(0)  # whatever the task left behind for the end of the interpreter does not run


def _call(order: Mapping[str, Any]) -> Any:
    module, _, name = order["function"].rpartition(".")
    return getattr(importlib.import_module(module), name)(order["payload"], order["files"])
