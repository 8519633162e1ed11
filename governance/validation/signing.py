"""Verifies a signature over a model as OpenSSF Model Signing writes it: a Sigstore bundle with an in-toto statement, by key or certificate.

The parts of the bundle were taken apart in the sandbox. What is here needs the digests of the files, not their bytes, and no network.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PAYLOAD = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://model_signing/signature/v1.0"
HASHES = {"secp256r1": hashes.SHA256(), "secp384r1": hashes.SHA384(), "secp521r1": hashes.SHA512()}
MOST_STEPS = 6


class Wrong(ValueError):
    """The signature does not hold, or not for these files; the sentence says why."""


class Unknown(ValueError):
    """Nothing speaks against the signature, but nobody here can vouch for it; the sentence says why."""


@dataclass(frozen=True)
class Trust:
    """Whose signatures count: keys and authorities, each with its name."""

    keys: tuple[tuple[str, ec.EllipticCurvePublicKey], ...]
    authorities: tuple[tuple[str, x509.Certificate, frozenset[str]], ...]


@dataclass(frozen=True)
class Verified:
    """Who signed, whether that is somebody we trust, and which files the signature leaves out."""

    signer: str
    trusted: bool
    why: str
    ignored: tuple[str, ...]


def trust_of(data: Mapping[str, Any]) -> Trust:
    """Read the list of signers."""
    keys = [(str(item["name"]), load_pem_public_key(item["public_key"].encode())) for item in data.get("signers") or []]
    authorities = [
        (str(item["name"]), x509.load_pem_x509_certificate(item["certificate"].encode()), frozenset(item.get("identities") or []))
        for item in data.get("authorities") or []
    ]
    if not all(isinstance(key, ec.EllipticCurvePublicKey) for _, key in keys):
        raise ValueError("signers.yaml: only elliptic curve keys are verified")
    return Trust(tuple((name, key) for name, key in keys if isinstance(key, ec.EllipticCurvePublicKey)), tuple(authorities))


def verify(parts: Mapping[str, Any], files: Mapping[str, str], trust: Trust, *, now: datetime) -> Verified:
    """Verify one bundle for files given as path -> sha256; raises Wrong, or Unknown where it cannot be told."""
    if parts["payload_type"] != PAYLOAD:
        raise Wrong("It signs something that is no list of files.")
    payload, signature = _decode(parts["payload"]), _decode(parts["signature"])
    message = b" ".join([b"DSSEv1", str(len(PAYLOAD)).encode(), PAYLOAD.encode(), str(len(payload)).encode(), payload])
    statement = _statement(payload)
    ignored = _compare(statement, files)
    if parts["certificates"]:
        return _by_certificate(parts, message, signature, ignored, trust, now=now)
    return _by_key(parts, message, signature, ignored, trust)


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise Wrong("A part of it is not written in base64.") from fault


def _statement(payload: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError) as fault:
        raise Wrong("What it signs is no JSON.") from fault
    if not isinstance(value, dict) or value.get("_type") != STATEMENT:
        raise Wrong("What it signs is no statement in the form of in-toto.")
    if value.get("predicateType") != PREDICATE:
        raise Unknown("It has another form than Model Signing 1.0. Sign the files again with the present version of the tool.")
    return value


def _compare(statement: Mapping[str, Any], files: Mapping[str, str]) -> tuple[str, ...]:
    """Demand that exactly these files were signed; return those that the signer left out by name."""
    try:
        predicate = statement["predicate"]
        how, rows = predicate["serialization"], [(row["name"], row["algorithm"], row["digest"]) for row in predicate["resources"]]
        root = statement["subject"][0]["digest"]["sha256"]
        folded = hashlib.sha256(b"".join(bytes.fromhex(digest) for _, _, digest in rows)).hexdigest()
    except (KeyError, IndexError, TypeError, ValueError) as fault:
        raise Wrong("The signed list of files is not complete.") from fault
    if folded != root:
        raise Wrong("The signed list of files contradicts its own digest.")
    if how.get("method") != "files" or any(algorithm != "sha256" for _, algorithm, _ in rows):
        raise Unknown("It was made over parts of files or with another digest than sha256. Sign the files again with the defaults.")
    signed = {str(name): digest for name, _, digest in rows}
    left_out = [str(path) for path in how.get("ignore_paths") or []]
    ignored = tuple(sorted(path for path in files if path not in signed and _is_below(path, left_out)))
    missing = sorted(set(signed) - set(files))
    changed = sorted(path for path in set(signed) & set(files) if signed[path] != files[path])
    extra = sorted(set(files) - set(signed) - set(ignored))
    for paths, what in ((changed, "is not the file that was signed"), (missing, "was signed and is not here"), (extra, "is not signed")):
        if paths:
            more = f" (and {len(paths) - 1} more)" if len(paths) > 1 else ""
            raise Wrong(f"{paths[0][:200]} {what}{more}.")
    return ignored


def _is_below(path: str, folders: Sequence[str]) -> bool:
    here = PurePosixPath(path)
    return any(here.is_relative_to(folder) for folder in folders)


def _by_key(parts: Mapping[str, Any], message: bytes, signature: bytes, ignored: tuple[str, ...], trust: Trust) -> Verified:
    for name, key in trust.keys:
        if _holds(key, message, signature):
            return Verified(name, trusted=True, why=f"By the key of {name}.", ignored=ignored)
        if parts["hint"] and parts["hint"] == fingerprint(key):
            raise Wrong(f"It names the key of {name}, but was not made by it.")
    raise Unknown("It was made by a key that is not on the list of trusted signers, so it cannot be verified.")


def fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    """Return by what a bundle names a key: the sha256 of its PEM."""
    return hashlib.sha256(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _holds(key: Any, message: bytes, signature: bytes) -> bool:
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in HASHES:
        raise Unknown("It was made with a kind of key that is not verified here; elliptic curves P-256, P-384 and P-521 are.")
    try:
        key.verify(signature, message, ec.ECDSA(HASHES[key.curve.name]))
    except InvalidSignature:
        return False
    return True


def _by_certificate(parts: Mapping[str, Any], message: bytes, signature: bytes, ignored: tuple[str, ...], trust: Trust, *, now: datetime) -> Verified:
    try:
        chain = [x509.load_der_x509_certificate(_decode(item)) for item in parts["certificates"]]
        key = chain[0].public_key()
    except (ValueError, UnsupportedAlgorithm) as fault:
        raise Wrong("One of its certificates cannot be read.") from fault
    if not _holds(key, message, signature):
        raise Wrong("It was not made by the key of its certificate.")
    names = names_in(chain[0])
    who = names[0] if names else "somebody without a name"
    for authority, certificate, identities in trust.authorities:
        if _leads_to(chain, certificate):
            return _certified(chain[0], names, authority, identities, ignored, now=now)
    return Verified(who, trusted=False, why=f"By {who}, certified by nobody on the list of trusted signers.", ignored=ignored)


def _certified(
    leaf: x509.Certificate, names: Sequence[str], authority: str, identities: frozenset[str], ignored: tuple[str, ...], *, now: datetime
) -> Verified:
    """Judge a signer whom an authority of ours certified."""
    who = names[0] if names else "somebody without a name"
    if identities and identities.isdisjoint(names):
        return Verified(who, trusted=False, why=f"By {who}, whom {authority} certified, but who may not sign models here.", ignored=ignored)
    if not _may_sign(leaf):
        return Verified(who, trusted=False, why=f"By {who}, whose certificate is not meant for signing.", ignored=ignored)
    if now > leaf.not_valid_after_utc:
        ended = f"{leaf.not_valid_after_utc:%Y-%m-%d}"
        return Verified(who, trusted=False, why=f"By {who}, whose certificate ended on {ended}: nobody can tell when it signed.", ignored=ignored)
    return Verified(who, trusted=True, why=f"By {who}, certified by {authority}.", ignored=ignored)


def names_in(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return whom a certificate is about: e-mail addresses, addresses of workflows, host names, common names."""
    found: list[str] = []
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found += [str(name) for kind in (x509.RFC822Name, x509.UniformResourceIdentifier, x509.DNSName)
                  for name in alternative.get_values_for_type(kind)]  # fmt: skip
    except (x509.ExtensionNotFound, ValueError):
        pass
    found += [str(item.value) for item in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return tuple(name[:200] for name in found)


def _leads_to(chain: Sequence[x509.Certificate], root: x509.Certificate) -> bool:
    """Whether each certificate was issued by the next, and one of them is the root or was issued by it, all valid when the first was made."""
    at, current = chain[0].not_valid_before_utc, chain[0]
    for issuer in chain[1:MOST_STEPS]:
        if current == root or _issued(current, root, at):
            return True
        if not _issued(current, issuer, at):
            return False
        current = issuer
    return current == root or _issued(current, root, at)


def _issued(certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> bool:
    if not _is_authority(issuer) or not issuer.not_valid_before_utc <= at <= issuer.not_valid_after_utc:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        if certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature:
            return True
    except (x509.ExtensionNotFound, ValueError):
        pass
    try:
        return ExtendedKeyUsageOID.CODE_SIGNING in certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
