"""What can be run in a sandbox, and how much of everything it gets."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

MOST = {"cpu_seconds": 6 * 3600.0, "wall_seconds": 24 * 3600.0, "memory_mb": 64 * 1024, "answer_bytes": 256 * 1024 * 1024}
NUMERICAL = ("uname", "sched_getaffinity")  # the `calls` of a task that imports numpy or onnxruntime, each with one thread


@dataclass(frozen=True)
class Task:
    """A function of this program, `function(payload, files)`, that answers with JSON.

    `sources` names the modules and packages of this program that it may import, in dotted form; they need only the standard library, or
    also what is installed beside the program when `packages` says so. `calls` names system calls that only this task needs
    (`inside/syscalls.py`, ON_REQUEST).
    """

    function: str
    sources: tuple[str, ...]
    packages: bool = False
    calls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """How much a task may use: processor, clock, memory of its own (mapped files do not count), size of its answer."""

    cpu_seconds: float = 20.0
    wall_seconds: float = 60.0
    memory_mb: int = 1024
    answer_bytes: int = 8_000_000

    def __post_init__(self) -> None:
        for name, most in MOST.items():
            if not 0 < getattr(self, name) <= most:
                raise ValueError(f"A task in the sandbox needs {name} above 0 and at most {most:,}.")

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Limits":
        """Rebuild limits from JSON, refusing any other shape."""
        if not isinstance(data, Mapping) or set(data) != set(MOST):
            raise ValueError("The limits have other fields than expected.")
        numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in data.values())
        if not numbers or not isinstance(data["memory_mb"], int) or not isinstance(data["answer_bytes"], int):
            raise ValueError("The limits hold something that is not a number.")
        return cls(**data)


@dataclass(frozen=True)
class Answer:
    """What a task answered, and the profile it ran under."""

    value: Any
    profile: str
