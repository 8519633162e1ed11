"""Odd addresses and figures: never a failure of ours, never the settings."""

import pytest

ODD = ["/teams/%00", "/policies/%00/1", "/m/a%00/b", "/api/v1/teams/x%00", "/api/v1/models/a/b%00", "/api/v1/schema?version=%00"]


@pytest.mark.parametrize("address", ODD)
def test_a_nul_in_an_address_is_an_ordinary_not_found(cast, signed_in, address):
    answer = signed_in(cast.bea).get(address)
    assert answer.status_code in {200, 404}
    assert answer.status_code == (200 if "schema" in address else 404)


@pytest.mark.parametrize("limit", ["0", "-1", "1e2", "0000000000509999", "9" * 4000, "201", "٣"])
def test_a_page_size_out_of_range_is_named(cast, signed_in, limit):
    answer = signed_in(cast.bea).get("/api/v1/teams", {"limit": limit})
    assert answer.status_code == 422
    assert "limit" in answer.json()["errors"]


@pytest.mark.django_db
def test_figures_are_for_this_machine_or_a_token(client, settings):
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"}).status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.9").status_code == 404
    settings.METRICS_TOKEN = "figures-please"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer figures-please"}).status_code == 200


def test_the_end_of_time_is_a_day_like_others(cast, signed_in):
    assert signed_in(cast.aud).get("/audit?until=9999-12-31").status_code == 200


def test_a_number_of_400_digits_is_refused_in_words(cast, client, token_of):
    from tests.factories import a_card, a_model

    model = a_model(cast.finance_ml, cast.nina)
    a_card(model, cast.nina)
    body = '{"values": {"evaluation.metrics": [{"name": "f1", "value": 1' + "0" * 400 + "}]}}"
    answer = client.patch(f"/api/v1/models/{model}/card", body, content_type="application/json", headers=token_of(cast.nina) | {"If-Match": '"1"'})
    assert answer.status_code == 422
