"""A symbolic pickle machine: follows every opcode to learn what would be imported and called, and imports and calls nothing."""

from collections.abc import Callable
from typing import Any

from catalog.artifacts.readers import rules
from catalog.artifacts.readers.pickles import care
from catalog.artifacts.readers.pickles.numpy_types import DTYPE
from catalog.artifacts.readers.pickles.opcodes import OPAQUE, OPCODES
from catalog.artifacts.readers.pickles.symbols import COMPUTED, Concern, Import, Log, Made, Persistent
from catalog.artifacts.readers.types import Broken, TooMuch
from catalog.artifacts.readers.window import Window

STEP_LIMIT = 4_000_000
KEPT_ITEMS = 64
HIGHEST_PROTOCOL = 5
# What a symbol of these kinds stands for is no text when the pickle is loaded.
# Known functions that may return text, of which loading would take the name of an import.
MAKES_TEXT = frozenset({"str", "unicode", "_reconstructor", "newObj", "_new_Index", "_new_DatetimeIndex", "_rebuild_from_type_v2"})
NEVER_TEXT = (int, list, dict, tuple, Import, Persistent)


ArrayHook = Callable[["Machine", Made], object]


class Machine:
    """Runs one pickle from the current place of the window to its STOP."""

    def __init__(self, window: Window, log: Log, *, persistent: bool = False, after_build: ArrayHook | None = None) -> None:
        self.window, self.log, self.persistent_allowed, self.after_build = window, log, persistent, after_build
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.frame_end: int | None = None
        self.at, self.opcode, self.stopped = window.offset, "", False

    def run(self) -> object:
        """Follow the pickle and return the symbol of what it would load."""
        while not self.stopped:
            self._step()
        return self.pop()

    def _step(self) -> None:
        window = self.window
        self.at = window.offset
        if self.frame_end is not None and self.at >= self.frame_end:
            self.end_frame()
        self.log.steps += 1
        if self.log.steps > STEP_LIMIT:
            raise TooMuch(f"The pickle has more than {STEP_LIMIT:,} instructions.", where=f"byte {self.at}")
        code = window.take(1)[0]
        known = OPCODES.get(code)
        if known is None:
            raise self.broken(f"Byte 0x{code:02x} is not a pickle instruction.")
        self.opcode, read = known
        ACTIONS[self.opcode](self, read(window))

    def end_frame(self) -> None:
        """Leave the frame, which must end exactly here when there is one."""
        if self.frame_end not in (None, self.window.offset):
            raise self.broken("An instruction runs over the end of its frame, or the frame goes on where it must not.")
        self.frame_end = None

    def broken(self, message: str) -> Broken:
        """Make the error for this place."""
        return Broken(message, where=f"byte {self.at}", check="pickle.structure")

    # --- the stack

    def push(self, value: object) -> None:
        """Put a symbol on the stack."""
        self.stack.append(value)

    def pop(self) -> Any:
        """Take the topmost symbol, which must lie above the last mark."""
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise self.broken("The pickle takes more from its stack than it put there.")
        return self.stack.pop()

    def top(self) -> Any:
        """Look at the topmost symbol."""
        value = self.pop()
        self.stack.append(value)
        return value

    def to_mark(self) -> list[Any]:
        """Take everything above the last mark."""
        if not self.marks:
            raise self.broken("A mark is missing on the stack.")
        place = self.marks.pop()
        values = self.stack[place:]
        del self.stack[place:]
        return values

    # --- imports and calls

    def import_name(self, module: object, name: object) -> None:
        """Note an import; one whose name is computed is noted as such and will be refused."""
        if not isinstance(module, str) or not isinstance(name, str):
            if _never_text(module) or _never_text(name):
                raise self.broken("An import has something other than text for a name.")
            module, name = COMPUTED, COMPUTED
        found = Import(module, name, self.opcode, self.at)
        self.log.imports.append(found)
        self.push(found)

    def call(self, source: object, arguments: object) -> None:
        """Note a call; calling anything but a named import counts as an import of something computed."""
        if not isinstance(source, Import):
            source = Import(COMPUTED, COMPUTED, self.opcode, self.at)
            self.log.imports.append(source)
        made = Made(source, arguments)
        self.concern(care.of_call(made))
        self.log.called += 1
        if source.module.startswith("torch"):
            self.log.calls.append(made)
        self.push(made)

    def freeze(self, made: Made) -> None:
        """Remember the fields of a numpy type, which numpy keeps using and nothing may change any more."""
        if made.called == DTYPE and isinstance(made.state, tuple):
            self.log.frozen.update({id(item): item for item in made.state if isinstance(item, dict)})

    def concern(self, message: str) -> None:
        """Note what an allowed import is misused for; nothing when the message is empty."""
        if message:
            self.log.concerns.append(Concern(message, self.opcode, self.at))


def _never_text(symbol: object) -> bool:
    """Whether loading would stop here, because what stands for a name is certainly no text."""
    if isinstance(symbol, Made) and symbol.source is not None:
        return symbol.source.name not in MAKES_TEXT and symbol.called in rules.names("globals", "allow") | rules.names("globals", "review")
    return symbol is None or isinstance(symbol, NEVER_TEXT)


def _tuple(machine: Machine, values: list[Any]) -> object:
    """Make a tuple; a class of joblib that decides where reading goes on may only be called, and never be handed to something else."""
    if any(isinstance(value, Import) and value.name.endswith("NumpyArrayWrapper") for value in values):
        machine.concern("The wrapper of joblib's arrays is handed to something else, which hides what follows.")
    return tuple(values) if len(values) <= KEPT_ITEMS else OPAQUE


def _push_constant(value: object) -> Callable[[Machine, object], None]:
    return lambda machine, _argument: machine.push(value)


def _push_fresh(kind: Callable[[], object]) -> Callable[[Machine, object], None]:
    return lambda machine, _argument: machine.push(kind())


def _push_argument(machine: Machine, argument: object) -> None:
    machine.push(argument)


def _small_tuple(size: int) -> Callable[[Machine, object], None]:
    return lambda machine, _argument: machine.push(_tuple(machine, [machine.pop() for _ in range(size)][::-1]))


def _protocol(machine: Machine, argument: object) -> None:
    if not isinstance(argument, int) or argument > HIGHEST_PROTOCOL:
        raise machine.broken(f"Pickle protocol {argument} does not exist.")


def _frame(machine: Machine, argument: object) -> None:
    if machine.frame_end is not None or not isinstance(argument, int) or argument > machine.window.left:
        raise machine.broken("A frame lies inside another or is longer than the file.")
    machine.frame_end = machine.window.offset + argument


def _mark(machine: Machine, _argument: object) -> None:
    machine.marks.append(len(machine.stack))


def _pop(machine: Machine, _argument: object) -> None:
    if machine.marks and machine.marks[-1] == len(machine.stack):
        machine.marks.pop()
    else:
        machine.pop()


def _stop(machine: Machine, _argument: object) -> None:
    machine.stopped = True


def _get(machine: Machine, argument: object) -> None:
    if not isinstance(argument, int) or argument not in machine.memo:
        raise machine.broken("The pickle recalls something that it never remembered.")
    machine.push(machine.memo[argument])


def _put(machine: Machine, argument: object) -> None:
    if not isinstance(argument, int) or argument < 0:
        raise machine.broken("The pickle remembers something under a wrong number.")
    machine.memo[argument] = machine.top()


def _memoize(machine: Machine, _argument: object) -> None:
    machine.memo[len(machine.memo)] = machine.top()


def _set_items(machine: Machine, pairs: list[Any]) -> None:
    if len(pairs) % 2:
        raise machine.broken("A dictionary gets a key without a value.")
    target = machine.top()
    if isinstance(target, dict):
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if isinstance(key, str) and (key in target or len(target) < KEPT_ITEMS):
                target[key] = value
        if id(target) in machine.log.frozen:
            machine.concern("numpy.dtype is changed after it was made.")


def _set_item(machine: Machine, _argument: object) -> None:
    value, key = machine.pop(), machine.pop()
    _set_items(machine, [key, value])


def _dict(machine: Machine, _argument: object) -> None:
    pairs = machine.to_mark()
    machine.push({})
    _set_items(machine, pairs)


def _forget(machine: Machine, _argument: object) -> None:
    machine.to_mark()
    machine.push(OPAQUE)


def _list(machine: Machine, _argument: object) -> None:
    values = machine.to_mark()
    machine.push(values[:KEPT_ITEMS])


def _append(machine: Machine, _argument: object) -> None:
    value = machine.pop()
    _extend(machine, [value])


def _extend(machine: Machine, values: list[Any]) -> None:
    target = machine.top()
    if isinstance(target, list) and len(target) < KEPT_ITEMS:
        target += values[: KEPT_ITEMS - len(target)]


def _appends(machine: Machine, _argument: object) -> None:
    values = machine.to_mark()
    _extend(machine, values)


def _stack_global(machine: Machine, _argument: object) -> None:
    name, module = machine.pop(), machine.pop()
    machine.import_name(module, name)


def _global(machine: Machine, argument: object) -> None:
    if not isinstance(argument, tuple) or len(argument) != 2:
        raise machine.broken("An import has no name.")
    machine.import_name(argument[0], argument[1])


def _inst(machine: Machine, argument: object) -> None:
    arguments = _tuple(machine, machine.to_mark())
    _global(machine, argument)
    machine.call(machine.pop(), arguments)


def _obj(machine: Machine, _argument: object) -> None:
    values = machine.to_mark()
    if not values:
        raise machine.broken("An object is made from nothing.")
    machine.call(values[0], _tuple(machine, values[1:]))


def _reduce(machine: Machine, _argument: object) -> None:
    arguments, source = machine.pop(), machine.pop()
    machine.call(source, arguments)


def _newobj_ex(machine: Machine, _argument: object) -> None:
    keywords = machine.pop()
    _reduce(machine, None)
    made = machine.top()
    if keywords != {} and isinstance(made, Made):
        machine.concern(care.of_keywords(made))


def _extension(machine: Machine, argument: object) -> None:
    machine.import_name(COMPUTED, f"extension {argument}")


def _build(machine: Machine, _argument: object) -> None:
    state, target = machine.pop(), machine.top()
    if isinstance(target, Import):
        machine.log.imports.append(Import(target.module, f"{target.name}, changed in place", machine.opcode, machine.at))
    if isinstance(target, Made):
        target.state = state
        machine.concern(care.of_state(target))
        machine.freeze(target)
        if machine.after_build:
            replacement = machine.after_build(machine, target)
            if replacement is not None:
                machine.pop()
                machine.push(replacement)


def _persistent(machine: Machine, argument: object) -> None:
    if not machine.persistent_allowed:
        raise machine.broken("The pickle asks for objects that are kept outside of it.")
    found = Persistent(machine.pop() if machine.opcode == "BINPERSID" else argument)
    machine.log.persistent.append(found)
    machine.push(found)


def _out_of_band(machine: Machine, _argument: object) -> None:
    raise machine.broken("The pickle needs buffers that are not in the file.")


def _consume(machine: Machine, _argument: object) -> None:
    machine.to_mark()
    machine.top()


ACTIONS: dict[str, Callable[[Machine, object], None]] = {
    **dict.fromkeys(("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "STRING", "BINSTRING", "SHORT_BINSTRING",
                     "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"), _push_argument),
    **dict.fromkeys(("FLOAT", "BINFLOAT", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"), _push_constant(OPAQUE)),
    "EMPTY_LIST": _push_fresh(list), "EMPTY_SET": _push_constant(OPAQUE), "APPENDS": _appends, "ADDITEMS": _consume,
    "LIST": _list, "FROZENSET": _forget,
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _get),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _put),
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), _extension),
    **dict.fromkeys(("NEXT_BUFFER", "READONLY_BUFFER"), _out_of_band),
    **dict.fromkeys(("REDUCE", "NEWOBJ"), _reduce),
    **dict.fromkeys(("PERSID", "BINPERSID"), _persistent),
    "NONE": _push_constant(None), "NEWTRUE": _push_constant(value=True), "NEWFALSE": _push_constant(value=False),
    "EMPTY_TUPLE": _push_constant(()), "EMPTY_DICT": _push_fresh(dict), "TUPLE1": _small_tuple(1), "TUPLE2": _small_tuple(2),
    "TUPLE3": _small_tuple(3), "TUPLE": lambda machine, _argument: machine.push(_tuple(machine, machine.to_mark())),
    "DUP": lambda machine, _argument: machine.push(machine.top()), "POP_MARK": lambda machine, _argument: _discard(machine),
    "PROTO": _protocol, "FRAME": _frame, "MARK": _mark, "POP": _pop, "STOP": _stop, "MEMOIZE": _memoize, "APPEND": _append,
    "SETITEM": _set_item, "SETITEMS": lambda machine, _argument: _set_items(machine, machine.to_mark()), "DICT": _dict,
    "STACK_GLOBAL": _stack_global, "GLOBAL": _global, "INST": _inst, "OBJ": _obj, "NEWOBJ_EX": _newobj_ex, "BUILD": _build,
}  # fmt: skip


def _discard(machine: Machine) -> None:
    machine.to_mark()
