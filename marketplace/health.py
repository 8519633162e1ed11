"""Is it alive, can it serve, can it validate: answers for machines."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from redis import Redis
from redis.exceptions import RedisError


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Say that the process answers; asks nothing else."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether bytes and pages can be served (database), and apart from that whether checks can run (broker)."""
    serves, checks = _database_answers(), _broker_answers()
    body = {"serve": "ok" if serves else "down", "validate": "ok" if serves and checks else "waiting for the broker"}
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
