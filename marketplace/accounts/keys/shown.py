"""Tokens as pages show them: in words, with what to do with a new secret."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone

from marketplace.accounts.keys.limits import words_of
from marketplace.accounts.keys.queries import is_unused
from marketplace.accounts.models import ApiToken
from marketplace.accounts.tokens import SCOPES


@dataclass(frozen=True)
class ShownToken:
    """A token in words."""

    token: ApiToken
    may: str
    only: list[str]
    state: str
    tone: str
    counts: bool
    is_unused: bool
    may_rotate: bool

    def __getattr__(self, name: str) -> Any:
        return getattr(self.token, name)


@dataclass(frozen=True)
class Snippet:
    """What to paste where."""

    title: str
    text: str


def shown(viewer: Any, tokens: Collection[ApiToken]) -> list[ShownToken]:
    """Say in words what tokens may, where, and whether they still count."""
    words = words_of(viewer, tokens)
    return [_one(token, [name for names in words[token.pk] for name in names]) for token in tokens]


def _one(token: ApiToken, only: list[str]) -> ShownToken:
    rotated = getattr(token, "replaced_by", None) is not None
    if token.revoked_at:
        state, tone = "Revoked", "neutral"
    elif token.expires_at <= timezone.now():
        state, tone = "Ended", "neutral"
    else:
        state, tone = ("Rotated, ends soon", "outline") if rotated else ("Counts", "accent")
    counts = state not in {"Revoked", "Ended"}
    return ShownToken(
        token, in_words(token.scopes), only, state, tone, counts, counts and is_unused(token), counts and not rotated and token.publisher_id is None
    )


def in_words(scopes: Collection[str]) -> str:
    """What somebody with these scopes may, in words."""
    return "; ".join(words for scope, words in SCOPES.items() if scope in scopes)


def snippets(secret: str, name: str) -> list[Snippet]:
    """How to use a new secret: by curl, in the environment of a program, in Kubernetes."""
    site = settings.PUBLIC_URL
    return [
        Snippet("Try it", f'curl -H "Authorization: Bearer {secret}" {site}/api/v1/me'),
        Snippet("Environment of a program", f"export MARKETPLACE_URL={site}\nexport MARKETPLACE_TOKEN={secret}"),
        Snippet(
            "Kubernetes",
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: marketplace-token\ntype: Opaque\nstringData:\n"
            f"  MARKETPLACE_URL: {site}\n  MARKETPLACE_TOKEN: {secret}",
        ),
    ]
