"""Where the makers put what they make: one folder per artifact, as a version of a model would hold its files."""

import contextlib
from pathlib import Path


class Out:
    """Writes artifacts under `benign` and `malicious`; a maker that fails for one artifact is told at the end, and the run fails."""

    def __init__(self, root: Path) -> None:
        self.root, self.count, self.failed = root, {"benign": 0, "malicious": 0}, []

    def folder(self, side: str, case: str) -> Path:
        """Make the folder of one artifact."""
        place = self.root / side / case
        place.mkdir(parents=True)
        self.count[side] += 1
        return place

    def put(self, side: str, case: str, name: str, data: bytes | str) -> None:
        """Write an artifact of one file."""
        path = self.folder(side, case) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())

    def good(self, case: str, name: str, data: bytes | str) -> None:
        """Write a benign file."""
        self.put("benign", case, name, data)

    def bad(self, case: str, name: str, data: bytes | str) -> None:
        """Write a malicious file."""
        self.put("malicious", case, name, data)

    @contextlib.contextmanager
    def trying(self, case: str):
        """Go on with the other artifacts when a library cannot make this one."""
        try:
            yield
        except Exception as error:
            self.failed.append(f"{case}: {type(error).__name__}: {error}")
