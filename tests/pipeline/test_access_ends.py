"""Access that ends, second by second, over real servers with everything but the database stopped: no broker, no worker, no index, no scanner."""

import json
import time
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db.models.functions import Now

from catalog.registry.actions import give_grant
from catalog.registry.models import AccessGrant
from catalog.usage.models import UsageEvent
from marketplace.accounts.actions import issue_token
from marketplace.accounts.keys.queries import database_now
from tests import cast as people
from tests.catalog.artifacts.servers import Server, served
from tests.factories import a_model, an_approved_version

pytestmark = pytest.mark.timeout(180)
NO_BROKER = {"REDIS_URL": "redis://127.0.0.1:9/0"}
AHEAD = 6.0  # seconds until the end: time for the requests before it on a busy machine


@pytest.fixture
def cast(transactional_db):
    return people.load()


@pytest.fixture
def file(cast):
    version = an_approved_version(a_model(cast.finance_ml, cast.nina, "fraud-scoring"), cast.nina)
    give_grant(version.model, user=cast.bea, use_case=version.use_case, until=database_now() + timedelta(days=1), by=cast.paul)
    return f"/api/v1/models/{version.model}/versions/{version.version}/files/model.safetensors"


@pytest.fixture
def headers(cast):
    _, secret = issue_token(cast.bea, by=cast.bea, name="test", scopes=["read", "download"])
    return {"Authorization": f"Bearer {secret}", "Host": "localhost"}


def wait_for(moment):
    time.sleep(max(0.0, (moment - database_now()).total_seconds()))


def code_of(answer):
    status, _, body = answer
    return status, json.loads(body).get("code") or json.loads(body)["type"].rpartition("#")[2]


@pytest.mark.full
def test_a_download_works_one_second_before_the_end_and_not_one_second_after(cast, file, headers, tmp_path):
    web = Server(tmp_path / "web.log", threads=4, **NO_BROKER)
    try:
        whole = web.ask("GET", file, headers=headers)[2]
        ways = {
            "whole": ({}, 200, whole),
            "a range": ({"Range": "bytes=8-15"}, 206, whole[8:16]),
            "resumed": ({"Range": "bytes=10-"}, 206, whole[10:]),
        }
        AccessGrant.objects.filter(user=cast.bea).update(until=Now() + timedelta(seconds=AHEAD))
        end = AccessGrant.objects.get(user=cast.bea).until
        wait_for(end - timedelta(seconds=1))
        for way, (more, status, body) in ways.items():
            assert web.ask("GET", file, headers=headers | more)[::2] == (status, body), way
            assert web.ask("HEAD", file, headers=headers | more)[0] == 200, way
        in_time = database_now() < end
        wait_for(end + timedelta(seconds=1))
        for way, (more, *_) in ways.items():
            answer = web.ask("GET", file, headers=headers | more)
            assert code_of(answer) == (403, "grant-ended"), way
            told = json.loads(answer[2])
            assert told["request_access"].endswith("/m/finance-ml/fraud-scoring/access/new")
            assert "Your access to finance-ml/fraud-scoring ended on" in told["detail"]
            assert web.ask("HEAD", file, headers=headers | more)[0] == 403, way
        assert in_time, "the machine was too slow to ask before the end; the refusals after it held"
        assert UsageEvent.objects.filter(kind="use").count() == 4
    finally:
        web.stop()


@pytest.mark.full
def test_a_signed_link_ends_with_the_access_it_was_made_under(cast, file, headers, tmp_path):
    with served(tmp_path / "web.log") as (web, pool):
        link = urlsplit(web.ask("GET", file, headers=headers)[1]["Location"]).path
        assert pool.ask("GET", link)[0] == 200
        AccessGrant.objects.filter(user=cast.bea).update(until=Now())
        assert code_of(pool.ask("GET", link)) == (403, "grant-ended")
        assert code_of(pool.ask("GET", link, headers={"Range": "bytes=10-"})) == (403, "grant-ended")


def test_what_is_approved_leaves_with_everything_else_stopped_and_readyz_says_what_waits(file, headers, tmp_path):
    web = Server(tmp_path / "web.log", threads=4, **NO_BROKER)
    try:
        status, _, body = web.ask("GET", "/readyz")
        assert (status, json.loads(body)["serve"]) == (200, "ok")
        assert "broker" in json.loads(body)["validate"]
        for address in (file, "/api/v1/models", "/api/v1/search?q=fraud"):
            assert web.ask("GET", address, headers=headers)[0] == 200, address
    finally:
        web.stop()
    assert UsageEvent.objects.get().kind == "use"
