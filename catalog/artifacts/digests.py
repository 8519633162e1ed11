"""Hashing bytes while they pass, and what a sha256 looks like."""

import hashlib

from marketplace.errors import Invalid
from marketplace.identifiers import SHA256

CHUNK = 1024 * 1024


class Sha256:
    """A sha256 that grows with the bytes that pass."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, chunk: bytes) -> None:
        """Take in the next bytes."""
        self._hash.update(chunk)

    def hex(self) -> str:
        """Return the digest of all bytes so far."""
        return self._hash.hexdigest()


def check_sha256(text: str | None, field: str = "sha256") -> str:
    """Return a declared sha256 in lower case, empty when none was declared; raise Invalid for anything else."""
    value = (text or "").lower()
    if value and not SHA256.match(value):
        raise Invalid("The declared sha256 cannot be one.", fields={field: ["Use 64 hexadecimal digits, or leave it out."]})
    return value


def mismatch(expected: str, found: str) -> Invalid:
    """Return the refusal that names both digests."""
    return Invalid(
        f"The bytes that arrived have the sha256 {found}; {expected} was declared.",
        fields={"sha256": [f"Expected {expected}, found {found}."]},
        hint="Send the file again, or the parts that differ, or correct the declared sha256.",
        expected=expected,
        found=found,
    )
