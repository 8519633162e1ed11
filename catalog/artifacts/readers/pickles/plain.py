"""Plain, joblib and dill pickles: every pickle to the end of the file, and what hides in the bytes that joblib takes for numbers."""

import re

from catalog.artifacts.readers.pickles import torch_legacy
from catalog.artifacts.readers.pickles.joblib import WRAPPER, walk
from catalog.artifacts.readers.pickles.judge import judge
from catalog.artifacts.readers.pickles.machine import Machine
from catalog.artifacts.readers.pickles.symbols import COMPUTED, Import, Log
from catalog.artifacts.readers.types import Broken, Reading, Refused, TooMuch
from catalog.artifacts.readers.window import Window

PICKLE_LIMIT = 1000
IDENTIFIER = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def read(window: Window, name: str) -> Reading:
    """Judge a plain, joblib or old torch pickle."""
    log, top, problem = Log(), object(), None
    try:
        top = _sequence(window, log)
    except Refused as refused:
        problem = refused
    hidden = _second_look(window, log)
    return judge("pickle", name, log, top, [problem] if problem else [], hidden=hidden)


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
    """Walk all pickles that follow each other to the end of the file; return what the first one makes."""
    top = walk(window, log)
    if top == torch_legacy.MAGIC:
        return torch_legacy.walk(window, log)
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
