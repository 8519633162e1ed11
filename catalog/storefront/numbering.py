"""What to call the next version."""

import re
from collections.abc import Collection

LAST_NUMBER = re.compile(r"(\d{1,9})(?!.*\d)")
LONGEST = 96


def next_name(version: str, taken: Collection[str]) -> str:
    """Count up the last number of a name until it is free: 3.2.0 gives 3.2.1; a name without a number gets one."""
    name = version
    while name.lower() in taken or name == version:
        found = LAST_NUMBER.search(name)
        name = f"{name[: found.start()]}{int(found[1]) + 1}{name[found.end() :]}" if found else f"{name[: LONGEST - 2]}-2"
    return name[:LONGEST]
