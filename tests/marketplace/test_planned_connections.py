"""Connections that went stale and plans that migrations overtook cost no request."""

import pytest
from django.db import connection, connections

from marketplace.accounts.actions import issue_token
from marketplace.accounts.keys.queries import token_caller
from marketplace.database import planned

pytestmark = pytest.mark.django_db(transaction=True)


def aside(statement, values=()):
    """Ask on a connection of its own."""
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else None
    finally:
        other.close()


def test_a_connection_that_the_database_closed_is_opened_again_before_the_first_planned_statement(cast):
    _, secret = issue_token(cast.bea, by=cast.bea, name="laptop", scopes=["read"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    aside("SELECT pg_terminate_backend(%s, 5000)", [pid])
    connection.health_check_enabled, connection.health_check_done = True, False  # as at the beginning of each request
    assert token_caller(secret).user == cast.bea


def test_a_plan_that_a_migration_overtook_is_made_again(cast):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE overtaken (name varchar(80)); INSERT INTO overtaken VALUES ('x')")
    try:
        for _ in range(8):
            with planned() as cursor:
                cursor.execute("SELECT name FROM overtaken WHERE name = %s", ["x"])
                assert cursor.fetchall() == [("x",)]
        aside("ALTER TABLE overtaken ALTER COLUMN name TYPE varchar(120)")
        with planned() as cursor:
            cursor.execute("SELECT name FROM overtaken WHERE name = %s", ["x"])
            assert cursor.fetchall() == [("x",)]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE overtaken")
