"""Somebody else's judge of SCIM servers, scim2-tester, run against the whole application as it is served."""

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from marketplace.accounts.actions import issue_token
from marketplace.wsgi import application

pytestmark = [pytest.mark.django_db, pytest.mark.full]


@pytest.fixture
def served():
    """The application as a server calls it, on the connection of this test."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield application
    for signal in signals:
        signal.connect(close_old_connections)


def test_an_independent_judge_finds_nothing_against_the_protocol(cast, served):
    _, secret = issue_token(cast.root, by=cast.root, name="judge", scopes=["directory"])
    client = WSGISCIMClient(served, base_url="http://localhost/scim/v2", headers={"Authorization": f"Bearer {secret}"})
    results = check_server(client)
    wrong = [
        f"{r.resource_type} {r.title}: {r.reason}"
        for r in results
        if r.status not in {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE, Status.SKIPPED}
    ]
    assert not wrong, "\n".join(wrong)
    skipped = {r.title for r in results if r.status == Status.SKIPPED}
    assert skipped == {"search_with_attributes"}, "searching all kinds at once is not offered, and says so"
    counts = {status.name: sum(r.status == status for r in results) for status in Status}
    print(counts)
    assert counts["SUCCESS"] >= 40
