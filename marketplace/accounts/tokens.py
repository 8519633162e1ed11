"""Token secrets: 256 random bits with a prefix and a checksum, so that secret scanners find them and typing errors are told apart."""

import base64
import hashlib
import secrets
import zlib

PREFIX = "mkt_"
SCOPES = {
    "read": "read the catalog",
    "download": "download approved versions",
    "publish": "publish models and versions",
    "review": "comment and decide on reviews and access",
    "admin": "manage teams, tokens and grants on models",
    "directory": "bring people and groups from the company's directory (SCIM)",
}
# What no service account may: reviewing is for people.
FOR_PEOPLE = frozenset({"review"})
# What only administrators hand out, for themselves and for service accounts; never to CI jobs.
FOR_ADMINISTRATORS = frozenset({"directory"})


def new_secret() -> str:
    """Return a fresh secret; it is shown once and only its digest is kept."""
    body = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    return f"{PREFIX}{body}_{checksum(body)}"


def checksum(body: str) -> str:
    """Return the last characters of a secret: crc32 of the rest, in hex."""
    return f"{zlib.crc32(body.encode()):08x}"


def is_well_formed(secret: str) -> bool:
    """Whether the prefix and the checksum are right: anything else needs no look at the database."""
    body, _, check = secret.removeprefix(PREFIX).rpartition("_")
    return secret.startswith(PREFIX) and 20 <= len(body) <= 200 and check == checksum(body)


def digest_of(secret: str) -> bytes:
    """Return what is stored of a secret. 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def shown_prefix(secret: str) -> str:
    """Return the part by which people recognize a token."""
    return secret[:12]
