"""The opcodes of pickle protocols 0 to 5: their names, and how to read what follows each."""

from collections.abc import Callable

from catalog.artifacts.readers.types import Broken
from catalog.artifacts.readers.window import Window

KEPT_TEXT = 1024

# Values that are only carried around: their content never decides anything.
OPAQUE = object()


def _nothing(_window: Window) -> object:
    return None


def _number(width: int, *, signed: bool = False) -> Callable[[Window], object]:
    def read(window: Window) -> object:
        return int.from_bytes(window.take(width), "little", signed=signed)

    return read


def _bytes(width: int) -> Callable[[Window], object]:
    def read(window: Window) -> object:
        window.skip(window.unsigned(width))
        return OPAQUE

    return read


def _text(width: int) -> Callable[[Window], object]:
    def read(window: Window) -> object:
        length = window.unsigned(width)
        if length > KEPT_TEXT:
            window.skip(length)
            return OPAQUE
        return _decoded(window.take(length), window)

    return read


def _decoded(raw: bytes, window: Window) -> object:
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise Broken("A text in the pickle is not valid UTF-8.", where=f"byte {window.offset}") from error


def _old_text(width: int) -> Callable[[Window], object]:
    """Read text of Python 2, which may serve as the name of an import too."""

    def read(window: Window) -> object:
        length = window.unsigned(width)
        if length > KEPT_TEXT:
            window.skip(length)
            return OPAQUE
        return window.take(length).decode("latin-1")

    return read


def _big_integer(width: int) -> Callable[[Window], object]:
    def read(window: Window) -> object:
        length = window.unsigned(width)
        if length > 256:
            window.skip(length)
            return OPAQUE
        return int.from_bytes(window.take(length), "little", signed=True)

    return read


def _line(window: Window) -> object:
    return window.line()


def _integer_line(window: Window) -> object:
    raw = window.line()
    if raw in (b"00", b"01"):
        return raw == b"01"
    try:
        return int(raw.rstrip(b"L")[:300])
    except ValueError as error:
        raise Broken("A number in the pickle is not a number.", where=f"byte {window.offset}") from error


def _float_line(window: Window) -> object:
    try:
        float(window.line())
    except ValueError as error:
        raise Broken("A number in the pickle is not a number.", where=f"byte {window.offset}") from error
    return OPAQUE


def _quoted_line(window: Window) -> object:
    raw = window.line(1_000_000)
    if len(raw) < 2 or raw[:1] != raw[-1:] or raw[:1] not in (b"'", b'"'):
        raise Broken("A text in the pickle has no quotes.", where=f"byte {window.offset}")
    inner = raw[1:-1]
    return OPAQUE if b"\\" in inner or len(inner) > KEPT_TEXT else inner.decode("latin-1")


def _unicode_line(window: Window) -> object:
    raw = window.line(1_000_000)
    return OPAQUE if b"\\" in raw or len(raw) > KEPT_TEXT else raw.decode("latin-1")


def _two_lines(window: Window) -> object:
    return tuple(_decoded(window.line(), window) for _ in range(2))


OPCODES: dict[int, tuple[str, Callable[[Window], object]]] = {
    ord(code): (name, read)
    for code, name, read in (
        ("(", "MARK", _nothing), (".", "STOP", _nothing), ("0", "POP", _nothing), ("1", "POP_MARK", _nothing),
        ("2", "DUP", _nothing), ("F", "FLOAT", _float_line), ("I", "INT", _integer_line), ("J", "BININT", _number(4, signed=True)),
        ("K", "BININT1", _number(1)), ("L", "LONG", _integer_line), ("M", "BININT2", _number(2)), ("N", "NONE", _nothing),
        ("P", "PERSID", _line), ("Q", "BINPERSID", _nothing), ("R", "REDUCE", _nothing), ("S", "STRING", _quoted_line),
        ("T", "BINSTRING", _old_text(4)), ("U", "SHORT_BINSTRING", _old_text(1)), ("V", "UNICODE", _unicode_line),
        ("X", "BINUNICODE", _text(4)), ("a", "APPEND", _nothing), ("b", "BUILD", _nothing), ("c", "GLOBAL", _two_lines),
        ("d", "DICT", _nothing), ("}", "EMPTY_DICT", _nothing), ("e", "APPENDS", _nothing), ("g", "GET", _integer_line),
        ("h", "BINGET", _number(1)), ("i", "INST", _two_lines), ("j", "LONG_BINGET", _number(4)), ("l", "LIST", _nothing),
        ("]", "EMPTY_LIST", _nothing), ("o", "OBJ", _nothing), ("p", "PUT", _integer_line), ("q", "BINPUT", _number(1)),
        ("r", "LONG_BINPUT", _number(4)), ("s", "SETITEM", _nothing), ("t", "TUPLE", _nothing), (")", "EMPTY_TUPLE", _nothing),
        ("u", "SETITEMS", _nothing), ("G", "BINFLOAT", _number(8)), ("\x80", "PROTO", _number(1)), ("\x81", "NEWOBJ", _nothing),
        ("\x82", "EXT1", _number(1)), ("\x83", "EXT2", _number(2)), ("\x84", "EXT4", _number(4)), ("\x85", "TUPLE1", _nothing),
        ("\x86", "TUPLE2", _nothing), ("\x87", "TUPLE3", _nothing), ("\x88", "NEWTRUE", _nothing), ("\x89", "NEWFALSE", _nothing),
        ("\x8a", "LONG1", _big_integer(1)), ("\x8b", "LONG4", _big_integer(4)), ("B", "BINBYTES", _bytes(4)),
        ("C", "SHORT_BINBYTES", _bytes(1)), ("\x8c", "SHORT_BINUNICODE", _text(1)), ("\x8d", "BINUNICODE8", _text(8)),
        ("\x8e", "BINBYTES8", _bytes(8)), ("\x8f", "EMPTY_SET", _nothing), ("\x90", "ADDITEMS", _nothing),
        ("\x91", "FROZENSET", _nothing), ("\x92", "NEWOBJ_EX", _nothing), ("\x93", "STACK_GLOBAL", _nothing),
        ("\x94", "MEMOIZE", _nothing), ("\x95", "FRAME", _number(8)), ("\x96", "BYTEARRAY8", _bytes(8)),
        ("\x97", "NEXT_BUFFER", _nothing), ("\x98", "READONLY_BUFFER", _nothing),
    )
}  # fmt: skip
