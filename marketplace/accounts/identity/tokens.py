"""ID tokens of the company's directory: believed only with its signature, for us, now, and for this very sign-in."""

import base64
import hashlib
import hmac
from typing import Any

import jwt
from jwt.types import Options

# Signatures by a public key. Never none, never a shared secret: with those whoever can write a token could sign it.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
LEEWAY = 60  # seconds that clocks may differ
LONGEST = 16 * 1024
MUST: Options = {"require": ["iss", "sub", "aud", "exp", "iat"]}


class NotBelieved(Exception):
    """A token was refused; the message says why, for the log."""


def nonce_of(code_verifier: str) -> str:
    """Return the nonce of a sign-in. It follows from the secret of the same sign-in (PKCE), which never leaves our server before the end."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"nonce:{code_verifier}".encode()).digest()).decode().rstrip("=")


def believed(token: Any, *, keys: Any, issuer: str, client_id: str, nonce: str) -> dict[str, Any]:
    """Return the claims of an ID token, or raise NotBelieved."""
    if not isinstance(token, str) or len(token) > LONGEST:
        raise NotBelieved("there is no ID token, or one of absurd length")
    try:
        key = key_for(jwt.get_unverified_header(token), keys)
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=ALGORITHMS, audience=client_id, issuer=issuer, leeway=LEEWAY, options=MUST)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as wrong:
        raise NotBelieved(f"{type(wrong).__name__}: {wrong}") from wrong
    if not nonce or not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise NotBelieved("the nonce is not the one of this sign-in")
    if ((isinstance(claims["aud"], list) and len(claims["aud"]) > 1) or "azp" in claims) and claims.get("azp") != client_id:
        raise NotBelieved("it was issued to somebody else (azp)")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 191:
        raise NotBelieved("the subject is not a text of 1 to 191 characters")
    return claims


def key_for(header: dict[str, Any], keys: Any) -> jwt.PyJWK:
    """Return the directory's key that a token names; the algorithm must be one of the key's kind."""
    if header.get("alg") not in ALGORITHMS:
        raise NotBelieved(f"the algorithm {header.get('alg')!r} is not accepted")
    listed = [key for key in keys.get("keys", []) if isinstance(key, dict) and key.get("use", "sig") == "sig" and key.get("kty") != "oct"]
    named = [key for key in listed if key.get("kid") == header.get("kid")] if "kid" in header else listed
    if len(named) != 1:
        raise NotBelieved("the directory has no such key")
    return jwt.PyJWK(named[0], algorithm=header["alg"])
