"""What is kept of a TensorFlow graph while it is judged."""

from dataclasses import dataclass, field


@dataclass
class Node:
    """One node of a graph or function."""

    name: str = ""
    operation: str = ""
    inputs: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)


@dataclass
class Body:
    """The nodes of a graph or of a function, and what its caller hands in."""

    name: str
    nodes: dict[str, Node] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
