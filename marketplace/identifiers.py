"""Public ids, names and digests: making and checking."""

import hashlib
import hmac
import json
import os
import re
import time
import unicodedata
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.deconstruct import deconstructible

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}\Z")
SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@deconstructible
class NameValidator:
    """Team, user and model names: letters, digits, dot, underscore, hyphen; at most 96 characters; starts with a letter or digit."""

    def __call__(self, value: str) -> None:
        """Raise ValidationError for anything else."""
        if not NAME.match(value):
            raise ValidationError("Use 1 to 96 letters, digits, dots, underscores or hyphens, starting with a letter or digit.", code="name")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NameValidator)

    def __hash__(self) -> int:
        return hash(type(self))


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562): time-ordered, unguessable enough to be a public id but never a secret."""
    value = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def slug(text: str, *, limit: int = 90) -> str:
    """Turn any published name into one that `NameValidator` accepts."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._]+", "-", plain).strip("-._")[:limit].rstrip("-._") or "model"


def canonical(value: object) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: the same value gives the same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(value: object) -> str:
    """Return the sha256 of the canonical JSON, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def keyed_hash(text: str, *, purpose: str) -> str:
    """Hash personal data (addresses) so that equal values stay equal and nobody can list them without the key."""
    return hmac.new(f"{purpose}:{settings.SECRET_KEY}".encode(), text.encode(), hashlib.sha256).hexdigest()


def numbered(prefix: str, number: int | None) -> str:
    """Return the typed short id, e.g. `R-218`."""
    return f"{prefix}-{number}"


def is_storable(text: str) -> bool:
    """Whether the database can hold a text: it takes no NUL character and no half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None


def hides_something(text: str) -> bool:
    """Whether a one-line text holds control, direction or other invisible characters that could make it look like another."""
    return any(unicodedata.category(sign) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"} for sign in text)
