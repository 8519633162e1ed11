"""Keeping the first answer to a request, so that its repetition has no second effect."""

import json
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.response import Response

from marketplace.api.models import IdempotentAnswer
from marketplace.api.renderers import JSONRenderer
from marketplace.errors import Conflict, Invalid
from marketplace.identifiers import digest

HOURS = 24
STUCK_MINUTES = 10
KEPT_HEADERS = ("Location", "ETag", "Content-Type")


def begin_answer(caller: str, key: str, method: str, path: str, data: Any) -> tuple[IdempotentAnswer, Response | None]:
    """Claim a key: return the row and, when the request was answered before, that answer.

    Raises Conflict while the first one still runs or when its answer held a secret, Invalid for another body.
    """
    if len(key) > 200 or not key.isprintable():
        raise Invalid("The Idempotency-Key is not usable.", fields={"Idempotency-Key": ["Use 1 to 200 printable characters."]})
    asked = digest([method, path, _plain(data)])
    now = timezone.now()
    IdempotentAnswer.objects.filter(caller=caller, key=key, created_at__lt=now - timedelta(hours=HOURS)).delete()
    # A process that died before it answered must not block its key for a day.
    IdempotentAnswer.objects.filter(caller=caller, key=key, status=None, created_at__lt=now - timedelta(minutes=STUCK_MINUTES)).delete()
    try:
        with transaction.atomic():
            return IdempotentAnswer.objects.create(caller=caller, key=key, request_digest=asked), None
    except IntegrityError:
        row = IdempotentAnswer.objects.get(caller=caller, key=key)
    if row.request_digest != asked:
        raise Invalid("This Idempotency-Key came with another request before.", fields={"Idempotency-Key": ["Use a new key for a new request."]})
    if row.status is None:
        raise Conflict("The first request with this key is still running.", hint="Wait for its answer and ask again.", code="still-running")
    if row.holds_secret:
        raise Conflict("This was already issued; its secret was shown once.", hint="Rotate it: issue a new one.", code="already-issued")
    response = Response(json.loads(row.body) if row.body else None, status=row.status, headers={"Idempotency-Replayed": "true"})
    for name, value in row.headers.items():
        response[name] = value
    return row, response


def keep_answer(row: IdempotentAnswer, response: Response, *, holds_secret: bool) -> None:
    """Keep an answer for a day; one that holds a secret is kept without it."""
    secret = holds_secret and response.status_code < 300
    IdempotentAnswer.objects.filter(pk=row.pk).update(
        status=response.status_code,
        body="" if secret else JSONRenderer().render(response.data).decode(),
        headers={name: response[name] for name in KEPT_HEADERS if response.has_header(name)},
        holds_secret=secret,
    )


def drop_answer(row: IdempotentAnswer) -> None:
    """Free a key whose request failed on our side."""
    row.delete()


def forget_answers() -> int:
    """Delete answers older than a day; return how many."""
    return IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - timedelta(hours=HOURS)).delete()[0]


def _plain(data: Any) -> Any:
    """The body as JSON; raw streams are told apart by nothing but their key."""
    return data if isinstance(data, (dict, list, str, int, float, bool, type(None))) else "stream"
