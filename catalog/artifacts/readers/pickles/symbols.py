"""What a pickle's objects are known by while nothing of them is loaded."""

from dataclasses import dataclass, field

COMPUTED = "(computed)"


@dataclass(frozen=True)
class Import:
    """A name that loading would import, and the opcode that asks for it."""

    module: str
    name: str
    opcode: str
    offset: int

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Made:
    """Whatever a call would return: known only by what was called with what."""

    source: Import | None
    arguments: object = None
    state: object = None
    concern: str = ""

    @property
    def called(self) -> str:
        """The full name of what was called."""
        return str(self.source) if self.source else ""


@dataclass(eq=False)
class Persistent:
    """An object that the container keeps beside the pickle."""

    key: object


@dataclass(frozen=True)
class Concern:
    """An allowed import used in a way that is not: what it would do, and where."""

    message: str
    opcode: str
    offset: int


@dataclass
class Log:
    """What all pickles of one file do together."""

    imports: list[Import] = field(default_factory=list)
    persistent: list[Persistent] = field(default_factory=list)
    calls: list[Made] = field(default_factory=list)
    concerns: list[Concern] = field(default_factory=list)
    frozen: dict[int, object] = field(default_factory=dict)
    steps: int = 0
    called: int = 0
