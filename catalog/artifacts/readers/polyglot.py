"""Files with two faces: what is one format to one program and another to the next."""

from catalog.artifacts.readers.pickles import plain
from catalog.artifacts.readers.types import Unsafe
from catalog.artifacts.readers.window import Window

END = b"PK\x05\x06"
END_SIZE = 22
COMMENT_LIMIT = 65_535
ZIPS = frozenset({"zip", "torch-zip", "npz", "keras"})
FIX = "Write the file again with its own library."


def check(window: Window, form: str, name: str) -> None:
    """Refuse a file of this format that other programs would take for a zip or for a pickle."""
    if form not in ZIPS and _ends_as_zip(window):
        raise Unsafe(f"{name} is also a zip file: a zip directory lies at its end.", where="end of the file", fix=FIX, check="files.identity")
    if form not in ZIPS | {"pickle", "text", "json"}:
        window.go(0)
        if plain.looks_like(window, text=True):
            raise Unsafe(f"{name} is also a pickle that imports something.", where="byte 0", fix=FIX, check="files.identity")


def _ends_as_zip(window: Window) -> bool:
    """Look for the end record of a zip whose comment reaches exactly to the end, with a directory in front of it."""
    total = window.end - window.start
    if total < END_SIZE:
        return False
    start = max(0, total - END_SIZE - COMMENT_LIMIT)
    window.go(start)
    tail = window.take(total - start)
    at = tail.rfind(END)
    while at >= 0:
        room = tail[at : at + END_SIZE]
        if len(room) == END_SIZE and int.from_bytes(room[20:22], "little") == len(tail) - at - END_SIZE:
            size = int.from_bytes(room[12:16], "little")
            place = start + at - size
            if size in {0, 0xFFFFFFFF}:
                return True
            if place >= 0:
                window.go(place)
                if window.take(4) == b"PK\x01\x02":
                    return True
        at = tail.rfind(END, 0, at)
    return False
