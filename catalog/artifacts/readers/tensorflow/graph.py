"""A TensorFlow graph, walked node by node: every operation and every function it names must be known."""

import re
from collections import Counter
from dataclasses import dataclass, field

from catalog.artifacts.readers import rules
from catalog.artifacts.readers.protobuf import BYTES, FIX, Field, Message
from catalog.artifacts.readers.tensorflow import files
from catalog.artifacts.readers.tensorflow.nodes import Body, Node
from catalog.artifacts.readers.types import Broken, Finding, TooMuch, shorten

NODE_LIMIT = 500_000
TEXT_LIMIT = 4096
# Names that the library gives to functions; an operation is never called like this, so that no function hides one.
FUNCTION_NAME = re.compile(r"\w.*_.+|__.+")
FIX_OPS = "Export the model for inference alone, with operations of TensorFlow itself that compute and touch no files."


@dataclass
class Notes:
    """What the walk gathers over all graphs of a file."""

    operations: Counter[str] = field(default_factory=Counter)
    functions: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    bodies: list[Body] = field(default_factory=list)
    nodes: int = 0


def graph(message: Message, notes: Notes) -> None:
    """Walk one GraphDef."""
    body = Body("")
    notes.bodies.append(body)
    for item in message.fields():
        if item.number == 1:
            _add(body.nodes, node(message.inner(item, "A node"), notes))
        elif item.number == 2:
            _library(message.inner(item, "The functions"), notes)
        elif item.number not in (3, 4, 5):
            raise Broken(f"The graph has the unknown part {item.number}.", where=f"byte {item.start}", fix=FIX)


def _add(nodes: dict[str, Node], found: Node) -> None:
    if found.name in nodes:
        raise Broken(f"The node “{shorten(found.name, 80)}” stands twice in a graph.", where=shorten(found.name, 80), fix=FIX)
    nodes[found.name] = found


def _library(message: Message, notes: Notes) -> None:
    for item in message.fields():
        if item.number == 1:
            _function(message.inner(item, "A function"), notes)
        elif item.number not in (2, 3):
            raise Broken(f"The functions have the unknown part {item.number}.", where=f"byte {item.start}", fix=FIX)


def _function(message: Message, notes: Notes) -> None:
    body = Body("")
    notes.bodies.append(body)
    for item in message.fields():
        if item.number == 1:
            _signature(message.inner(item, "A signature"), body)
            notes.functions.add(body.name)
        elif item.number == 3:
            _add(body.nodes, node(message.inner(item, "A node"), notes))


def _signature(message: Message, body: Body) -> None:
    for item in message.fields():
        if item.number == 1:
            body.name = message.text(item, "The name of a function")
        elif item.number == 2:
            for part in (argument := message.inner(item, "An argument")).fields():
                if part.number == 1:
                    body.arguments.append(argument.text(part, "The name of an argument"))


def node(message: Message, notes: Notes) -> Node:
    """Read one node and note what it does."""
    found = Node()
    for item in message.fields():
        _node_part(message, item, found, notes)
    if not found.operation:
        raise Broken("A node has no operation.", where=f"byte {message.start}", fix=FIX)
    notes.operations[found.operation] += 1
    notes.nodes += 1
    if notes.nodes > NODE_LIMIT or len(notes.operations) > 20_000:
        raise TooMuch(f"The model has more than {NODE_LIMIT:,} nodes.", where=f"byte {message.start}")
    return found


def _node_part(message: Message, item: Field, found: Node, notes: Notes) -> None:
    if item.number == 1:
        found.name = message.text(item, "The name of a node")
    elif item.number == 2:
        found.operation = message.text(item, "The operation of a node")
    elif item.number == 3:
        found.inputs.append(message.text(item, "An input of a node"))
    elif item.number == 5:
        _attribute_entry(message.inner(item, "An attribute"), found, notes)
    elif item.number not in (4, 6, 7):
        raise Broken(f"A node has the unknown part {item.number}.", where=f"byte {item.start}", fix=FIX)


def _attribute_entry(message: Message, found: Node, notes: Notes) -> None:
    for item in message.fields():
        if item.number == 2:
            _attribute(message.inner(item, "The value of an attribute"), found, notes)


def _attribute(message: Message, found: Node, notes: Notes) -> None:
    for item in message.fields():
        if item.number == 10:
            _named(message.inner(item, "A function"), found, notes)
        elif item.number == 1:
            for part in (listed := message.inner(item, "A list")).fields():
                if part.number == 9:
                    _named(listed.inner(part, "A function"), found, notes)
        elif item.number == 8 and found.operation in ("Const", ""):
            found.texts += _texts(message, item)


def _named(message: Message, found: Node, notes: Notes) -> None:
    for item in message.fields():
        if item.number == 1:
            name = message.text(item, "The name of a function")
            if name:
                notes.called.add(name)
                found.calls.append(name)
        elif item.number == 2:
            _attribute_entry(message.inner(item, "An attribute"), found, notes)


def _texts(message: Message, item: Field) -> list[str]:
    """Return the short texts of a constant."""
    found: list[str] = []
    for part in (tensor := message.inner(item, "A constant")).fields():
        if part.number == 8 and part.wire == BYTES and part.length <= TEXT_LIMIT and len(found) < 64:
            tensor.window.go(part.start)
            found.append(tensor.window.take(part.length).decode("utf-8", "replace"))
    return found


def findings(notes: Notes, name: str) -> list[Finding]:
    """Return what follows from operations and functions."""
    allowed, savers, review = (rules.names("tensorflow", key) for key in ("allow", "saver", "review"))
    functions = {item for item in notes.functions if FUNCTION_NAME.fullmatch(item)}
    known = allowed | savers | review | functions
    found = []
    for operation in sorted((set(notes.operations) | notes.called) - known)[:20]:
        label = shorten(operation, 120)
        message = f"{name} uses the operation {label}, which touches more than numbers or is not part of TensorFlow."
        found.append(Finding("tensorflow.operations", "critical", message, f"operation {label}", FIX_OPS, "code"))
    for escape in files.escapes(notes.bodies)[:20]:
        message = f"{name} reads or writes a file that the graph names itself: {escape}."
        found.append(Finding("tensorflow.operations", "critical", message, f"operation {escape}", FIX_OPS, "code"))
    if found:
        return found
    for operation in sorted((set(notes.operations) | notes.called) & review)[:20]:
        message = f"{name} uses the operation {operation}, which reads a file of the model or runs a compiled program; a person has to look at it."
        found.append(Finding("tensorflow.operations", "medium", message, f"operation {operation}", FIX_OPS, "other"))
    return found
