"""Is it alive, can it serve, can it validate: answers for machines."""

from secrets import compare_digest

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView
from redis import Redis
from redis.exceptions import RedisError

from marketplace.sandbox import choice


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Say that the process answers; asks nothing else."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether bytes and pages can be served (database), and apart from that whether checks can run (broker), in which sandbox."""
    serves, checks = _database_answers(), _broker_answers()
    body = {
        "serve": "ok" if serves else "down",
        "validate": "ok" if serves and checks else "waiting for the broker",
        "sandbox": choice().profile,  # what this process would read files in; "none": every file says that its check could not run
    }
    return JsonResponse(body, status=200 if serves else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker_answers() -> bool:
    try:
        with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5) as broker:
            return bool(broker.ping())
    except (RedisError, OSError):
        return False


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Give the figures of this process to whoever sends METRICS_TOKEN; without one set, to this machine alone."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        allowed = compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())
    else:
        allowed = request.META.get("REMOTE_ADDR") in {"127.0.0.1", "::1"} and "X-Forwarded-For" not in request.headers
    if not allowed:
        raise Http404
    response: HttpResponse = ExportToDjangoView(request)
    return response
