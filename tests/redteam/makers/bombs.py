"""Small files that unpack to large ones; they take seconds to make."""

import bz2
import gzip
import lzma

from archives import zipped


def make(out):
    for name, data in {
        "zip": zipped([("a.txt", b"a" * 160_000_000)]),
        "gz": gzip.compress(b"a" * 160_000_000),
        "xz": lzma.compress(b"a" * 160_000_000, preset=0),
        "bz2": bz2.compress(b"a" * 160_000_000),
    }.items():
        out.bad(f"bomb-{name}", f"a.txt.{name}" if name != "zip" else "a.zip", data)
