"""REST of the list and the search."""

import pytest

from tests.factories import a_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(client, cast, token_of):
    """Ask as bea."""
    headers = token_of(cast.bea, "read")
    return lambda path: client.get(path, headers=headers)


def test_the_list_pages_by_cursor_and_hides_what_is_hidden(ask, cast):
    for number in range(5):
        a_model(cast.finance_ml, cast.paul, f"m-{number}", task="ocr", parameters=2_800_000_000_000)
    a_model(cast.secret_lab, cast.sam, "falcon-x", visibility="team")
    found, cursor = [], ""
    while True:
        answer = ask(f"/api/v1/models?limit=2&cursor={cursor}").json()
        found += [model["name"] for model in answer["results"]]
        if not (cursor := answer["next"]):
            break
    assert found == ["m-4", "m-3", "m-2", "m-1", "m-0"]
    first = ask("/api/v1/models?limit=1&task=OCR&team=Finance-ML").json()["results"][0]
    assert (first["team"], first["parameters"], first["use"], first["tags"]) == ("finance-ml", 2_800_000_000_000, "not_approved", [])


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=1000000000", "limit"), ("limit=0", "limit"), ("colour=red", "colour"), ("tier=T9", "tier"), ("cursor=nonsense", "cursor")],
)
def test_a_wrong_parameter_is_named(ask, query, field):
    answer = ask(f"/api/v1/models?{query}")
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]


def test_a_search_answers_with_counts(ask, cast):
    a_model(cast.finance_ml, cast.paul, "invoice-reader", task="ocr")
    a_model(cast.secret_lab, cast.sam, "invoice-secret", task="secret-task", visibility="team")
    body = ask("/api/v1/search?q=invoice&task=ocr").json()
    assert (body["total"], [hit["name"] for hit in body["results"]]) == (1, ["invoice-reader"])
    assert body["facets"]["task"] == [{"value": "ocr", "text": "OCR", "count": 1, "checked": True}]
    assert "secret" not in ask("/api/v1/search").content.decode()


@pytest.mark.parametrize(
    ("query", "field"), [("colour=red", "colour"), ("sort=size", "sort"), ("cursor=%00", "cursor"), ("sort=name&cursor=WyJcdWQ4MDAiLDFd", "cursor")]
)
def test_a_wrong_search_is_named(ask, query, field):
    answer = ask(f"/api/v1/search?{query}")
    assert answer.status_code == 422
    assert field in answer.json()["errors"]


def test_without_a_token_nothing_is_said(client, db):
    assert client.get("/api/v1/models").status_code == 401
    assert client.get("/api/v1/search").status_code == 401
