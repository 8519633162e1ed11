"""How names are compared whatever the case, so that the unique indexes over LOWER(name) answer; Django's own `iexact` asks for UPPER."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField
from django.db.models.lookups import IExact, Lookup
from django.db.models.sql.compiler import SQLCompiler


@CharField.register_lookup
class SameLetters(IExact):
    """`name__iexact` as LOWER(name) = LOWER(value)."""

    def process_lhs(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, lhs: Any = None) -> Any:
        """Return the column in small letters."""
        column, values = Lookup.process_lhs(self, compiler, connection, lhs)
        return f"LOWER({column})", values

    def get_rhs_op(self, connection: BaseDatabaseWrapper, rhs: str) -> str:
        """Return the comparison with a value in small letters."""
        return f"= LOWER({rhs})"
