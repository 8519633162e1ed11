"""A cursor whose statements PostgreSQL keeps planned, for the few that every request asks: planning costs them more than answering."""

from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper


def planned() -> CursorWrapper:
    """Return a cursor that binds values in the server, so that the driver prepares what it runs often; DATABASE_PREPARE=0 turns that off."""
    connection.ensure_connection()
    opened: Any = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    bound: Any = ServerBindingCursor
    cursor: CursorWrapper = opened(bound(connection.connection))
    return cursor
