"""TensorFlow's protobuf files: saved models, frozen graphs, fingerprints, and what Keras of old times keeps beside them."""

import json
from typing import Any

from catalog.artifacts.readers.keras.description import judge
from catalog.artifacts.readers.protobuf import BYTES, FIX, FIXED64, VARINT, Budget, Message
from catalog.artifacts.readers.tensorflow import graph
from catalog.artifacts.readers.types import Broken, Finding, Reading, Refused, Verdict, fact, shorten
from catalog.artifacts.readers.window import Window

SAVED_MODEL = {1: VARINT, 2: BYTES}
GRAPH = {1: BYTES, 2: BYTES, 3: VARINT, 4: BYTES, 5: BYTES}
METADATA = {1: BYTES}
META_GRAPH = dict.fromkeys(range(1, 8), BYTES)
FINGERPRINTS = ({1: VARINT, 2: VARINT, 3: VARINT, 4: VARINT, 5: VARINT, 6: BYTES, 7: BYTES},
                {1: FIXED64, 2: FIXED64, 3: FIXED64, 4: FIXED64, 5: FIXED64, 6: BYTES, 7: BYTES})  # fmt: skip
FINGERPRINT_LIMIT = 1024
META_PARTS = frozenset(range(1, 8))
PEEK = 4
METADATA_LIMIT = 16 * 1024 * 1024


def kind_of(window: Window) -> str | None:
    """Tell which of these files this is; None for another one."""
    message = Message(window, 0, window.end - window.start, Budget(20_000))
    try:
        parts = [(item.number, item.wire, item) for item in _some(message)]
        if not parts:
            return None
        numbers = {number for number, _, _ in parts}
        if _fits(parts, SAVED_MODEL) and 2 in numbers and _holds(message, parts, 2, {1, 2}):
            return "saved model"
        if _fits(parts, METADATA) and _holds(message, parts, 1, {3, 4}):
            return "metadata"
        if _fits(parts, GRAPH) and 1 in numbers and _holds(message, parts, 1, {1, 2}):
            return "graph"
        if _fits(parts, META_GRAPH) and 2 in numbers and parts[0][0] == 1 and _holds(message, parts, 2, {1}):
            return "meta graph"
        if any(_fits(parts, schema) for schema in FINGERPRINTS) and message.length <= FINGERPRINT_LIMIT and 3 in numbers:
            return "fingerprint"
    except Refused:
        return None
    return None


def _some(message: Message) -> list[Any]:
    found = []
    for item in message.fields():
        found.append(item)
        if len(found) >= 2000:
            break
    return found


def _fits(parts: list[tuple[int, int, Any]], schema: dict[int, int]) -> bool:
    return all(schema.get(number) == wire for number, wire, _ in parts)


def _holds(message: Message, parts: list[tuple[int, int, Any]], number: int, wanted: set[int]) -> bool:
    """Whether the first part of this number is itself a message with these parts."""
    first = next(item for found, _, item in parts if found == number)
    inner = {item.number for item in message.inner(first, "A part").fields()}
    return wanted <= inner and max(inner) <= 10


def read(window: Window, name: str) -> Reading:
    """Judge one protobuf file of TensorFlow."""
    kind = kind_of(window)
    message, notes = Message(window, 0, window.end - window.start, Budget()), graph.Notes()
    problems: list[Refused] = []
    doubts: list[str] = []
    try:
        if kind == "saved model":
            _saved_model(message, notes, name, problems, doubts)
        elif kind == "meta graph":
            _meta_graph(message, notes, name, problems, doubts)
        elif kind == "graph":
            graph.graph(message, notes)
        elif kind == "metadata":
            _metadata(message, name, problems, doubts)
    except Refused as refused:
        problems.append(refused)
    findings = graph.findings(notes, name) + [problem.finding() for problem in problems]
    findings += [Finding("keras.classes", "medium", shorten(f"{name}: {doubt}"), name, FIX, "other") for doubt in doubts[:20]]
    verdict: Verdict = "allow"
    if findings:
        verdict = "block" if any(item.severity in {"high", "critical"} for item in findings) else "review"
    return Reading("tensorflow", verdict, findings, _facts(notes, kind or ""))


def _saved_model(message: Message, notes: graph.Notes, name: str, problems: list[Refused], doubts: list[str]) -> None:
    for item in message.fields():
        if item.number != 2:
            continue
        _meta_graph(message.inner(item, "A graph with its description"), notes, name, problems, doubts)


def _meta_graph(message: Message, notes: graph.Notes, name: str, problems: list[Refused], doubts: list[str]) -> None:
    for part in message.fields():
        if part.number not in META_PARTS:
            raise Broken(f"The model has the unknown part {part.number}.", where=f"byte {part.start}", fix=FIX)
        if part.number == 2:
            graph.graph(message.inner(part, "The graph"), notes)
        elif part.number == 7:
            _objects(message.inner(part, "The objects"), name, problems, doubts)


def _objects(message: Message, name: str, problems: list[Refused], doubts: list[str]) -> None:
    """Look into what Keras noted about each object of the model."""
    for item in message.fields():
        if item.number != 1:
            continue
        for part in (saved := message.inner(item, "An object")).fields():
            if part.number == 4:
                _user_object(saved.inner(part, "A user's object"), 3, name, problems, doubts)


def _metadata(message: Message, name: str, problems: list[Refused], doubts: list[str]) -> None:
    for item in message.fields():
        _user_object(message.inner(item, "An object"), 5, name, problems, doubts)


def _user_object(message: Message, place: int, name: str, problems: list[Refused], doubts: list[str]) -> None:
    for item in message.fields():
        if item.number != place or item.wire != BYTES or not item.length:
            continue
        if item.length > METADATA_LIMIT:
            raise Broken("The description of an object is too long.", where=f"byte {item.start}", fix=FIX)
        message.window.go(item.start)
        raw = message.window.take(item.length)
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError) as error:
            if raw.lstrip()[:1] not in (b"{", b"["):
                continue
            raise Broken("The description of an object is not JSON.", where=f"byte {item.start}", fix=FIX) from error
        verdict = judge(value, f"byte {item.start}", name, legacy=True)
        problems += verdict.problems[: max(0, 20 - len(problems))]
        doubts += verdict.doubts


def _facts(notes: graph.Notes, kind: str) -> dict[str, Any]:
    found = {"library": fact("tensorflow", kind)}
    if notes.nodes:
        found["operators"] = fact({shorten(key, 80): count for key, count in notes.operations.most_common(50)}, "graph")
    return found
