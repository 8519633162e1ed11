"""Judging the OIDC token of a CI job: signature, issuer, audience, times, and the claims that a rule binds.

Every refusal is the same for the caller; the log says which it was, never the token.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

import jwt
from django.conf import settings
from django.core.cache import cache
from django.utils.module_loading import import_string

from marketplace.accounts.models import TrustedPublisher
from marketplace.errors import Unavailable

Fetch = Callable[[str], Any]
Claims = Mapping[str, Any]

ALGORITHMS = ["RS256", "ES256"]
LONGEST = 16_384  # characters of a token
LEEWAY = timedelta(seconds=60)
LIVES_AT_MOST = timedelta(days=1)
KEYS_SECONDS, AGAIN_SECONDS, WAIT_SECONDS = 300, 30, 2
_asking: dict[str, Lock] = defaultdict(Lock)
UNREADABLE = (jwt.PyJWTError, ValueError, TypeError, OverflowError)


class Untrusted(Exception):
    """The token of a job is not accepted; the reason is for the log alone."""


@dataclass(frozen=True)
class Assertion:
    """What a job's token says once its signature was checked."""

    claims: Claims
    spent: bytes  # under what it is remembered, so that it is accepted once
    until: datetime


def fetch_outside(url: str) -> Any:
    """Fetch JSON from an issuer, by the function that settings name."""
    return import_string(settings.TRUSTED_ISSUER_FETCH)(url)


def issuer_of(token: str) -> str:
    """The issuer that a token claims, before anything is proven; it only chooses the rules to look at."""
    if len(token) > LONGEST or token.count(".") != 2 or not token.isascii():
        raise Untrusted("form")
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        header = jwt.get_unverified_header(token)
    except UNREADABLE as odd:
        raise Untrusted("form") from odd
    if header.get("alg") not in ALGORITHMS or "crit" in header:
        raise Untrusted("algorithm")
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer.startswith("https://") or len(issuer) > 200:
        raise Untrusted("issuer")
    return issuer


def verified(token: str, *, issuer: str, audiences: list[str], now: datetime, fetch: Fetch) -> Assertion:
    """Check signature, issuer, audience and times; raise Untrusted for anything that is not exactly right."""
    key = key_for(token, issuer, fetch)
    try:
        # The times are judged below by the database's clock, as every end here is.
        options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "iat", "iss", "aud"]}
        claims = jwt.decode(token, key, algorithms=ALGORITHMS, audience=audiences, issuer=issuer, options=options)
    except UNREADABLE as wrong:
        raise Untrusted(type(wrong).__name__) from wrong
    until = _judge_times(claims, now)
    return Assertion(claims, _spent(token, claims), until)


def _judge_times(claims: Claims, now: datetime) -> datetime:
    moments = {name: _moment(claims[name]) for name in ("exp", "iat", "nbf") if name in claims}
    until, issued = moments["exp"], moments["iat"]
    if until <= now - LEEWAY:
        raise Untrusted("expired")
    if issued > now + LEEWAY or moments.get("nbf", issued) > now + LEEWAY:
        raise Untrusted("future")
    if until - issued > LIVES_AT_MOST or issued < now - LIVES_AT_MOST:
        raise Untrusted("too long")
    return until


def _moment(value: Any) -> datetime:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Untrusted("times")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as odd:
        raise Untrusted("times") from odd


def _spent(token: str, claims: Claims) -> bytes:
    """Name a token by its id where it has one, else by what was signed: the signature itself can be written in several ways."""
    jti = claims.get("jti")
    text = f"{claims['iss']}\n{jti}" if isinstance(jti, str) and jti else token.rpartition(".")[0]
    return hashlib.sha256(text.encode()).digest()


def key_for(token: str, issuer: str, fetch: Fetch) -> Any:
    """The public key that the token names, of the issuer's own set; fetched again when the issuer seems to have a new one."""
    wanted = jwt.get_unverified_header(token)
    found = _matching(keys_of(issuer, fetch), wanted)
    if found is None and cache.add(f"issuer-again:{issuer}", 1, AGAIN_SECONDS):
        found = _matching(keys_of(issuer, fetch, again=True), wanted)
    if found is None:
        raise Untrusted("key")
    return found


def _matching(keys: list[dict[str, Any]], wanted: Mapping[str, Any]) -> Any:
    kind = {"RS256": "RSA", "ES256": "EC"}[str(wanted["alg"])]
    for key in keys:
        is_it = key.get("kid") == wanted.get("kid") and key.get("kty") == kind and key.get("use", "sig") == "sig"
        if is_it and key.get("alg", wanted["alg"]) == wanted["alg"]:
            try:
                return jwt.PyJWK(key, algorithm=str(wanted["alg"])).key
            except (jwt.PyJWTError, ValueError, TypeError, KeyError):
                continue
    return None


def keys_of(issuer: str, fetch: Fetch, *, again: bool = False) -> list[dict[str, Any]]:
    """The signing keys that an issuer publishes, kept for a few minutes; only issuers that a rule names are ever asked.

    Whoever likes may send a token, so an issuer that is slow or down is waited for by one request at a time, and not again at once.
    """
    kept: list[dict[str, Any]] | None = None if again else cache.get(f"issuer-keys:{issuer}")
    if kept is not None:
        return kept
    if not _asking[issuer].acquire(timeout=WAIT_SECONDS):
        raise _unreadable()
    try:
        kept = None if again else cache.get(f"issuer-keys:{issuer}")
        return kept if kept is not None else _asked(issuer, fetch)
    finally:
        _asking[issuer].release()


def _asked(issuer: str, fetch: Fetch) -> list[dict[str, Any]]:
    """Ask an issuer for its keys; a failure counts for a while."""
    if not cache.add(f"issuer-down:{issuer}", 1, AGAIN_SECONDS):  # until it has answered well
        raise _unreadable()
    try:
        about = fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if about["issuer"] != issuer or not str(about["jwks_uri"]).startswith("https://"):
            raise Untrusted("discovery")
        keys = [dict(key) for key in fetch(about["jwks_uri"])["keys"]]
    except (OSError, ValueError, TypeError, KeyError, ImportError) as failed:
        raise _unreadable() from failed
    cache.touch(f"issuer-down:{issuer}", 0)
    cache.set(f"issuer-keys:{issuer}", keys, KEYS_SECONDS)
    return keys


def _unreadable() -> Unavailable:
    return Unavailable("The keys of the issuer could not be read.", hint="Try again in a moment; ask an administrator if it stays so.")


def fits(rule: TrustedPublisher, claims: Claims) -> bool:
    """Whether the claims of a job are those that a rule binds: audience, repository, branch or tag, workflow."""
    audience = claims["aud"]
    named = audience if isinstance(audience, list) else [audience]
    return rule.audience in named and _repository(claims) == rule.repository and _is_ref(rule.ref, claims) and _is_workflow(rule, claims)


def _repository(claims: Claims) -> str:
    """Who runs, in the words of GitHub or of GitLab."""
    return str(claims.get("repository") or claims.get("project_path") or "")


def _is_ref(pattern: str, claims: Claims) -> bool:
    """GitHub names the whole ref; GitLab in `ref_path`, before that the branch or tag alone, which may itself be called `refs/tags/v1`."""
    ref = str(claims.get("ref_path") or claims.get("ref") or "")
    if not claims.get("ref_path") and not claims.get("repository"):
        ref = {"branch": "refs/heads/", "tag": "refs/tags/"}.get(str(claims.get("ref_type")), "?") + ref
    shape = r"[^/\s]*".join(re.escape(part) for part in pattern.split("*"))
    return bool(re.fullmatch(shape, ref))


def _is_workflow(rule: TrustedPublisher, claims: Claims) -> bool:
    """GitHub: `org/repo/.github/workflows/x.yml@ref`; GitLab: `host/group/project//.gitlab-ci.yml@ref`."""
    if "workflow_ref" in claims:
        return str(claims["workflow_ref"]).partition("@")[0] == f"{rule.repository}/{rule.workflow}"
    where, _, file = str(claims.get("ci_config_ref_uri") or "").partition("@")[0].partition("//")
    return file == rule.workflow and where.partition("/")[2] == rule.repository
