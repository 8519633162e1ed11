"""Plain zip archives: every member is unpacked in memory, one after the other, and judged."""

from collections.abc import Iterator

from catalog.artifacts.readers.archives import inside
from catalog.artifacts.readers.archives import zip as zips
from catalog.artifacts.readers.types import Reading, TooMuch
from catalog.artifacts.readers.window import Window

# All packed members together; stored ones cost nothing.
TOTAL_LIMIT = 512 * 1024 * 1024


def read_zip(window: Window, look: inside.Look) -> Reading:
    """Judge a zip by all its members."""
    return inside.members("zip", _opened(window), look)


def _opened(window: Window) -> Iterator[tuple[str, Window]]:
    total = 0
    for member in zips.members(window):
        if member.folder:
            continue
        total += member.size if member.method == zips.DEFLATED else 0
        if total > TOTAL_LIMIT:
            raise TooMuch(f"The archive unpacks to more than {TOTAL_LIMIT:,} bytes.", where=member.name, fix=inside.FIX_NESTED)
        yield member.name, zips.opened(window, member)
