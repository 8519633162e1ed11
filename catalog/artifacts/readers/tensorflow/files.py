"""Where the names of files come from that a graph saves to and restores from: from its caller, never from the graph itself."""

import re
from collections.abc import Iterable

from catalog.artifacts.readers.tensorflow.nodes import Body, Node
from catalog.artifacts.readers.types import shorten

# Operations that touch a file, and which of their inputs names it.
SAVERS = {"SaveV2": (0,), "RestoreV2": (0,), "MergeV2Checkpoints": (0, 1)}
PASS_ON = frozenset({"ShardedFilename", "StringJoin", "Identity", "Pack"})
CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
PLAIN = re.compile(r"[\w.-]*")
HOPS = 64


def escapes(bodies: list[Body]) -> list[str]:
    """Return the operations whose file is not named by the caller of the whole model."""
    needs: dict[str, set[str]] = {}
    found: list[str] = []
    while True:
        found, before = [], {name: set(arguments) for name, arguments in needs.items()}
        for body in bodies:
            for node, places in _touching(body, bodies, needs):
                found += _judge(body, node, places, needs)
        if needs == before:
            return found


def _touching(body: Body, bodies: list[Body], needs: dict[str, set[str]]) -> Iterable[tuple[Node, tuple[int, ...]]]:
    """Yield nodes that touch files, themselves or in a function they call, with the inputs that name them."""
    arguments = {item.name: item.arguments for item in bodies if item.name in needs}
    for node in body.nodes.values():
        if node.operation in SAVERS:
            yield node, SAVERS[node.operation]
        for name in [*node.calls, node.operation]:
            if name in needs:
                direct = node.operation in CALLS or node.operation == name
                yield node, tuple(arguments[name].index(item) for item in needs[name]) if direct else (-1,)


def _judge(body: Body, node: Node, places: tuple[int, ...], needs: dict[str, set[str]]) -> list[str]:
    found = []
    for place in places:
        source = _source(body, node, place)
        if source in body.arguments and body.name:
            needs.setdefault(body.name, set()).add(source)
        elif source != "caller":
            found.append(f"{node.operation} ({shorten(node.name, 80)})")
    return found


def _source(body: Body, node: Node, place: int) -> str:
    """Follow the name of a file back: to an argument, to "caller", or to nothing that is allowed."""
    for _ in range(HOPS):
        if not 0 <= place < len(node.inputs):
            return ""
        name = node.inputs[place].lstrip("^").partition(":")[0]
        if name in body.arguments:
            return name
        following = body.nodes.get(name)
        if following is None:
            return ""
        if following.operation in ("Placeholder", "PlaceholderWithDefault"):
            return "caller" if _plain_default(following, body) else ""
        if following.operation not in PASS_ON or any(_climbs(body, item) for item in following.inputs[1:]):
            return ""
        node, place = following, 0
    return ""


def _plain_default(node: Node, body: Body) -> bool:
    """A name that is used when the caller gives none must stay in the folder of the model."""
    following: Node | None = node
    for _ in range(HOPS):
        if following is None or following.operation == "Placeholder":
            return following is not None
        if following.operation != "PlaceholderWithDefault":
            return following.operation == "Const" and all(PLAIN.fullmatch(text) for text in following.texts)
        following = body.nodes.get(following.inputs[0].partition(":")[0]) if following.inputs else None
    return False


def _climbs(body: Body, name: str, depth: int = 0) -> bool:
    """Whether something that is added to a name could lead out of its folder."""
    node = body.nodes.get(name.lstrip("^").partition(":")[0])
    if node is None or depth > 3:
        return False
    return any(".." in text for text in node.texts) or any(_climbs(body, item, depth + 1) for item in node.inputs)
