"""No secret that was used is found afterwards: not in the database, not in the broker, not in any log."""

import base64
import contextlib
import json

import psycopg
import pytest
import redis

from tests import ci
from tests.journeys.marks import JOURNEY
from tests.journeys.test_j15_token import shown_secret

pytestmark = [*JOURNEY, pytest.mark.full]
NAME = "canary-bytes"


def told(answer, status=201):
    assert answer[0] == status, answer
    return json.loads(answer[2])


def walk(site, tab):
    """Sign in, issue, rotate and exchange tokens, upload, download, and make the mistakes that people make; return every secret."""
    page = tab("ivo")
    page.goto("/me/tokens")
    page.get_by_label("What it is for").fill("canary")
    for box in page.locator('[name="scopes"]').all():
        box.check()
    page.get_by_role("button", name="Issue token").click()
    first = shown_secret(page)
    used = [site.passwords["ivo"], first]
    second = told(site.ask("POST", "/api/v1/tokens", {"name": "by REST", "scopes": ["read", "admin"]}, first, **{"Idempotency-Key": "canary"}))
    used += [second["secret"], told(site.ask("POST", f"/api/v1/tokens/{second['id']}/rotate", {}, first))["secret"]]
    used += [told(site.ask("POST", "/api/v1/tokens", {"name": "of it", "scopes": ["read"], "service_account": "ci-claims"}, first))["secret"]]

    at = "/api/v1/teams/claims-api/service-accounts/ci-claims/publishers"
    told(site.ask("POST", at, ci.RULE | {"scopes": ["read", "download"]}, first))
    for proof, status in ((ci.signed(), 201), (ci.signed(aud="another"), 401)):
        used.append(proof)
        answer = told(site.ask("POST", "/api/v1/tokens/exchange", {"token": proof}), status)
        used += [answer["secret"]] if status == 201 else []

    model = told(site.ask("POST", "/api/v1/models", {"team": "claims-api", "name": NAME}, first))
    assert model["name"] == NAME
    told(site.ask("POST", f"/api/v1/models/claims-api/{NAME}/versions", {"version": "1.0.0"}, first))
    file = f"/api/v1/models/claims-api/{NAME}/versions/1.0.0/files/config.json"
    assert site.ask("PUT", file, b'{"a": 1}', first)[0] == 201
    status, headers, _ = site.ask("GET", file, token=first)
    assert status == 307
    link = headers["Location"]
    assert site.ask("GET", link)[0] == 200
    used += [link.rsplit("/", 1)[1], next(cookie["value"] for cookie in page.context.cookies() if "session" in cookie["name"])]

    for address in (f"/api/v1/me?token={first}", f"/models?q={first}", f"/me/tokens?access_token={first}"):
        assert site.ask("GET", address)[0] == 400
    assert site.ask("GET", "/api/v1/me", token=first[:-1] + "~")[0] == 401
    assert site.ask("POST", "/api/v1/tokens", b'{"secret": "' + first.encode(), first, **{"Content-Type": "application/json"})[0] == 400
    return used


def tables(site):
    """Every table as text, by name."""
    with psycopg.connect(site.environment["DATABASE_URL"]) as connection:
        names = connection.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (name,) in names:
            with connection.cursor().copy(f"COPY {name} TO STDOUT") as rows:
                yield f"table {name}", b"".join(bytes(row) for row in rows)


def broker(site):
    """Every key of the broker as it would be copied elsewhere."""
    with contextlib.closing(redis.Redis.from_url(site.environment["REDIS_URL"])) as line:
        for key in line.scan_iter():
            yield f"key {key!r}", key + (line.dump(key) or b"")


def logs(site):
    for file in site.folder.rglob("*.log"):
        yield f"log {file.name}", file.read_bytes()


def forms(secret):
    """A secret as it may be written somewhere: as it is, its random part, in hex, in base64."""
    raw, core = secret.encode(), secret[16:].encode()
    return {raw, core, raw.hex().encode(), base64.b64encode(raw).rstrip(b"="), base64.b64encode(raw)[4:-4]}


def test_no_secret_is_found_in_database_broker_or_logs(site, tab):
    with ci.serving():
        used = walk(site, tab)
    assert len(used) == 10
    seen, found = 0, []
    for place, content in [*tables(site), *broker(site), *logs(site)]:
        seen += len(content)
        found += [f"{secret[:8]}… in {place}" for secret in used if any(form in content for form in forms(secret) if len(form) > 8)]
    assert not found, found
    assert seen > 100_000, "there was something to look through"
    everything = b"".join(content for _, content in [*tables(site), *logs(site)])
    assert NAME.encode() in everything, "the walk left its traces"
    assert b"GET /api/v1/me HTTP" in everything, "requests were logged, those with a token in the address without it"
