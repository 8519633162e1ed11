"""One style sheet from many small files: tokens, base, layout, then a file per component; no build step."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

FIRST = ("css/tokens.css", "css/base.css", "css/layout.css")


@dataclass(frozen=True)
class StyleSheet:
    """The joined style sheet, ready to be sent."""

    digest: str
    plain: bytes
    packed: bytes


def _folder() -> Path:
    found = finders.find(FIRST[0])
    if not isinstance(found, str):
        raise FileNotFoundError(FIRST[0])
    return Path(found).parent.parent


def _join() -> StyleSheet:
    root = _folder()
    files = [root / name for name in FIRST] + sorted((root / "css" / "components").glob("*.css"))
    plain = b"\n".join(path.read_bytes() for path in files)
    return StyleSheet(hashlib.sha256(plain).hexdigest()[:16], plain, gzip.compress(plain, mtime=0))


_joined_once = lru_cache(maxsize=1)(_join)


def stylesheet() -> StyleSheet:
    """Return the style sheet; joined once per process, anew for each request while developing."""
    return _join() if settings.DEBUG else _joined_once()
