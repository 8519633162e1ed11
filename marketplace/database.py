"""A cursor whose statements PostgreSQL keeps planned, for the few that every request asks: planning costs them more than answering."""

from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from psycopg.errors import FeatureNotSupported
from psycopg.pq import TransactionStatus

Bound: Any = ServerBindingCursor  # its base is chosen at run time


class PlannedCursor(Bound):  # type: ignore[misc]
    """Binds values in the server, and asks again where a migration changed a column under a kept plan."""

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """Execute; where a kept plan no longer fits, forget all of this connection and plan anew."""
        try:
            return super().execute(*args, **kwargs)
        except FeatureNotSupported:
            if self.connection.info.transaction_status != TransactionStatus.IDLE:
                raise
            self.connection.execute("DEALLOCATE ALL")  # of which the driver takes note
            return super().execute(*args, **kwargs)


def planned() -> CursorWrapper:
    """Return a cursor that binds values in the server, so that the driver prepares what it runs often; DATABASE_PREPARE=0 turns that off."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    opened: Any = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    cursor: CursorWrapper = opened(PlannedCursor(connection.connection))
    return cursor
