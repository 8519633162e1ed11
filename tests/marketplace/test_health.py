"""What machines are told of the state of the process."""

import pytest


@pytest.mark.parametrize(("header", "status"), [("Bearer figures", 200), ("Bearer figürs", 404), ("", 404)])
def test_figures_are_for_whoever_has_the_token(client, settings, db, header, status):
    settings.METRICS_TOKEN = "figures"
    assert client.get("/metrics", headers={"Authorization": header}).status_code == status
