"""What machines are told of the state of the process."""

import pytest

from marketplace import sandbox


@pytest.mark.parametrize(("header", "status"), [("Bearer figures", 200), ("Bearer figürs", 404), ("", 404)])
def test_figures_are_for_whoever_has_the_token(client, settings, db, header, status):
    settings.METRICS_TOKEN = "figures"
    assert client.get("/metrics", headers={"Authorization": header}).status_code == status


def test_ready_says_in_which_sandbox_files_are_read(client, db):
    assert client.get("/readyz").json()["sandbox"] == sandbox.choice().profile != "none"


def test_ready_says_that_files_are_read_without_one(client, settings, db, monkeypatch):
    monkeypatch.setattr("marketplace.sandbox.world.PROGRAMS", "/nowhere")
    settings.SANDBOX_PROFILE, settings.ALLOW_UNSANDBOXED_SCAN = "bubblewrap", True
    sandbox.forget()
    assert client.get("/readyz").json()["sandbox"] == "unsandboxed"
    sandbox.forget()
