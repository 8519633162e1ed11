"""SentencePiece vocabularies: pieces of text with their scores, and how text is made uniform before."""

from catalog.artifacts.readers.onnx_schema import check
from catalog.artifacts.readers.protobuf import BYTES, FIXED32, VARINT, Budget, Message
from catalog.artifacts.readers.types import Reading, Refused, fact
from catalog.artifacts.readers.window import Window

NUMBERS = (3, 4, 6, 11, 12, 13, 14, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 32, 33, 34, 35, 40, 41, 42, 43, 49, 50, 52)
TRAINER = dict.fromkeys(NUMBERS, "number")
SCHEMA: dict[str, dict[int, str]] = {
    "ModelProto": {1: "Piece", 2: "TrainerSpec", 3: "NormalizerSpec", 4: "SelfTest", 5: "NormalizerSpec"},
    "Piece": {1: "bytes", 2: "fixed32", 3: "number"},
    "TrainerSpec": TRAINER | {1: "bytes", 2: "bytes", 5: "bytes", 7: "bytes", 10: "fixed32", 15: "fixed32", 30: "bytes", 31: "bytes", 36: "bytes",
        44: "bytes", 45: "bytes", 46: "bytes", 47: "bytes", 48: "bytes", 51: "fixed32", 53: "bytes", 54: "bytes"},
    "NormalizerSpec": {1: "bytes", 2: "bytes", 3: "number", 4: "number", 5: "number", 6: "bytes"},
    "SelfTest": {1: "Sample"},
    "Sample": {1: "bytes", 2: "bytes"},
}  # fmt: skip


def looks_like(window: Window) -> bool:
    """Accept a message whose first part is a piece: a text, a score, perhaps a type."""
    message = Message(window, 0, window.end - window.start, Budget(200))
    try:
        first = next(iter(message.fields()))
        if first.number != 1 or first.wire != BYTES:
            return False
        parts = [(item.number, item.wire) for item in message.inner(first, "A piece").fields()]
    except (Refused, StopIteration):
        return False
    return parts in ([(1, BYTES), (2, FIXED32)], [(1, BYTES), (2, FIXED32), (3, VARINT)])


def read(window: Window, _name: str) -> Reading:
    """Judge a vocabulary."""
    message = Message(window, 0, window.end - window.start, Budget())
    check(message, "ModelProto", SCHEMA)
    pieces = sum(item.number == 1 for item in message.fields())
    return Reading("sentencepiece", "allow", [], {"vocabulary": fact(pieces, "pieces")})
