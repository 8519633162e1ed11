"""Names are found by their indexes, and planned statements answer as any other."""

import pytest
from django.db import connection

from catalog.registry.models import RegisteredModel
from marketplace.accounts.models import User
from marketplace.database import planned
from tests.factories import a_model

pytestmark = pytest.mark.django_db


def test_a_name_is_found_in_any_case_by_the_index_over_small_letters(cast):
    a_model(cast.finance_ml, cast.nina, "Fraud-Scoring")
    named = RegisteredModel.objects.filter(team=cast.finance_ml, name__iexact="FRAUD-scoring")
    assert named.get().name == "Fraud-Scoring"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "one_model_per_name_in_team" in named.explain() or "lower((name)" in named.explain()


@pytest.mark.parametrize("name", ["nina", "NINA", "Nina"])
def test_people_are_found_in_any_case(cast, name):
    assert User.objects.get(username__iexact=name) == cast.nina


def test_a_planned_statement_is_counted_prepared_and_told_of_new_values(cast, django_assert_num_queries):
    with django_assert_num_queries(12), planned() as cursor:
        for number in range(12):
            cursor.execute("SELECT %s::int + 1, %s::text", [number, "text"])
            assert cursor.fetchone() == (number + 1, "text")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", ["SELECT $1::int%"])
        assert cursor.fetchone() == (1,)
