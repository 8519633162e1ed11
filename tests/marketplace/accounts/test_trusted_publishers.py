"""A CI job shows who it is and gets a token for an hour, once; whatever is wrong with its proof, the answer is the same."""

import base64
import hashlib
import hmac
import json
import threading
import time
from datetime import timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.cache import cache
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from marketplace.accounts.actions import deactivate_person, issue_token, revoke_token
from marketplace.accounts.keys.actions import add_publisher, exchange_assertion, remove_publisher
from marketplace.accounts.keys.actions.issuing import make_token
from marketplace.accounts.keys.queries import counts_now, token_caller
from marketplace.accounts.keys.work import forget_spent
from marketplace.accounts.models import ApiToken, SpentAssertion, TrustedPublisher
from marketplace.activity.models import Event
from marketplace.errors import Conflict, Invalid, NotAllowed, NotSignedIn
from tests import cast as people
from tests import ci
from tests.factories import a_service_account

EXCHANGE = "/api/v1/tokens/exchange"


@pytest.fixture(scope="module", autouse=True)
def issuer():
    with ci.serving():
        yield


@pytest.fixture
def account(cast):
    return a_service_account(cast.finance_ml, cast.paul, "ci-invoices")


@pytest.fixture
def trusted(cast, account, settings):
    settings.TRUSTED_ISSUER_FETCH = "tests.ci.fetch"
    return add_publisher(account.user, by=cast.paul, scopes=["read", "publish"], **ci.RULE)


def exchange(token, **more):
    return exchange_assertion(token, fetch=ci.fetch, **more)


def send(client, token, **more):
    return client.post(EXCHANGE, {"token": token} | more, content_type="application/json")


def part(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def unsigned() -> str:
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(ci.claims())}."


def signed_with_the_public_key() -> str:
    """HS256 with the public key as its secret: accepted by whoever lets the token choose how it is checked."""
    public = ci.RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    body = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'rsa-1'})}.{part(ci.claims())}"
    seal = base64.urlsafe_b64encode(hmac.new(public, body.encode(), hashlib.sha256).digest()).decode().rstrip("=")
    return f"{body}.{seal}"


def test_a_job_gets_a_token_for_an_hour_that_is_the_service_account(trusted, client):
    answer = send(client, ci.signed())
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["scopes"], "no-store") == (["publish", "read"], answer["Cache-Control"])
    token = ApiToken.objects.get(pk=told["id"])
    assert timedelta(minutes=59) < token.expires_at - timezone.now() <= timedelta(minutes=61)
    me = client.get("/api/v1/me", headers={"Authorization": f"Bearer {told['secret']}"}).json()
    assert (me["username"], me["kind"]) == ("ci-invoices", "service")
    event = Event.objects.get(verb="token.exchanged")
    assert (event.actor, event.subject_id) == (trusted.user.person, str(token.pk))


def test_both_algorithms_and_both_dialects_of_claims_are_understood(trusted):
    assert exchange(ci.signed(ci.EC_KEY, "ES256", "ec-1"))
    gitlab = {
        "repository": None, "workflow_ref": None, "project_path": "finance/invoices", "ref": "main", "ref_type": "branch",
        "ci_config_ref_uri": "gitlab.example.com/finance/invoices//.github/workflows/release.yml@refs/heads/main",
    }  # fmt: skip
    assert exchange(ci.signed(**gitlab))
    with pytest.raises(NotSignedIn):
        exchange(ci.signed(**gitlab | {"ref_type": "tag"}))
    assert exchange(ci.signed(**gitlab | {"ref_path": "refs/heads/main"}))


WRONG = {
    "audience": lambda: ci.signed(aud="another"),
    "no audience": lambda: ci.signed(aud=None),
    "issuer": lambda: ci.signed(iss="https://other.example.com"),
    "issuer by http": lambda: ci.signed(iss="http://ci.example.com"),
    "repository": lambda: ci.signed(repository="finance/invoices-fork"),
    "branch": lambda: ci.signed(ref="refs/heads/main2"),
    "pull request": lambda: ci.signed(ref="refs/pull/1/merge"),
    "workflow": lambda: ci.signed(workflow_ref="finance/invoices/.github/workflows/other.yml@refs/heads/main"),
    "workflow elsewhere": lambda: ci.signed(workflow_ref="evil/x/.github/workflows/release.yml@refs/heads/main"),
    "no workflow": lambda: ci.signed(workflow_ref=None),
    "expired": lambda: ci.signed(iat=int(time.time()) - 900, nbf=None, exp=int(time.time()) - 120),
    "from the future": lambda: ci.signed(iat=int(time.time()) + 600, nbf=None, exp=int(time.time()) + 900),
    "not before": lambda: ci.signed(nbf=int(time.time()) + 600),
    "lives for years": lambda: ci.signed(exp=int(time.time()) + 10**8),
    "no end": lambda: ci.signed(exp=None),
    "no beginning": lambda: ci.signed(iat=None),
    "end beyond all time": lambda: ci.signed(exp=10**30),
    "end that is no number": lambda: ci.signed(exp="soon"),
    "end that is a truth": lambda: ci.signed(exp=True),
    "another's key": lambda: ci.signed(ci.STRANGE_KEY),
    "unknown key": lambda: ci.signed(kid="rsa-9"),
    "no key named": lambda: ci.signed(kid=None),
    "algorithm none": unsigned,
    "public key as secret": signed_with_the_public_key,
    "longer hash": lambda: ci.signed(algorithm="RS512"),
    "key of the other kind": lambda: ci.signed(ci.EC_KEY, "ES256", "rsa-1"),
    "cut": lambda: ci.signed()[:-4],
    "changed claims": lambda: ".".join([ci.signed().split(".")[0], part(ci.claims(repository="x/y")), ci.signed().split(".")[2]]),
    "garbage": lambda: "a.b.c",
    "two parts": lambda: "a.b",
    "not ascii": lambda: "ä.ö.ü",
    "list as claims": lambda: f"{part({'alg': 'RS256'})}.{part([1])}.AAAA",
    "too long": lambda: ci.signed(padding="x" * 16_000),
}


@pytest.mark.parametrize("name", WRONG)
def test_whatever_is_wrong_the_answer_is_the_same(trusted, client, name):
    answer = send(client, WRONG[name]())
    if name == "too long":
        assert answer.status_code == 422
        return
    assert answer.status_code == 401, answer.content
    told = answer.json()
    right = send(client, "a.b.c").json()
    assert {k: told[k] for k in ("detail", "hint", "type")} == {k: right[k] for k in ("detail", "hint", "type")}
    assert not ApiToken.objects.filter(publisher=trusted).exists()
    assert not SpentAssertion.objects.exists(), "a proof that failed is not used up"


def test_the_log_says_why_and_never_the_token(trusted, client, caplog, capsys):
    token = ci.signed(aud="another")
    send(client, token)
    said = caplog.text + "".join(capsys.readouterr())
    assert "InvalidAudienceError" in said
    assert token not in said
    assert token.split(".")[1] not in said


def test_issuers_that_no_rule_names_are_never_asked(account, settings, client):
    settings.TRUSTED_ISSUER_FETCH = "tests.ci.fetch"
    ci.asked.clear()
    assert send(client, ci.signed()).status_code == 401
    assert not ci.asked


def test_the_keys_are_asked_for_once_and_again_for_a_new_one_but_not_for_each_wrong_one(trusted):
    ci.asked.clear()
    for _ in range(3):
        exchange(ci.signed())
    assert ci.asked == ["/.well-known/openid-configuration", "/keys"]
    for _ in range(3):
        with pytest.raises(NotSignedIn):
            exchange(ci.signed(kid="rsa-9"))
    assert len(ci.asked) == 4


def test_an_issuer_that_does_not_answer_is_503_and_nothing_is_used_up(trusted, client, settings):
    settings.TRUSTED_ISSUER_FETCH = "tests.marketplace.accounts.nowhere.fetch"
    token = ci.signed()
    assert send(client, token).status_code == 503
    cache.clear()
    settings.TRUSTED_ISSUER_FETCH = "tests.ci.fetch"
    assert send(client, token).status_code == 201


@pytest.mark.parametrize("spoil", ["jti", "signature"])
def test_a_proof_is_accepted_once(trusted, spoil):
    token = ci.signed(**({"jti": None} if spoil == "signature" else {}))
    assert exchange(token)
    again = token
    if spoil == "signature":  # the last sign of base64 holds bits that count for nothing: other text, the same signature
        last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        again = token[:-1] + last[last.index(token[-1]) ^ 1]
    with pytest.raises(NotSignedIn):
        exchange(again)
    assert ApiToken.objects.filter(publisher=trusted).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_replays_at_once_one_wins():
    cast = people.load()
    account = a_service_account(cast.finance_ml, cast.paul, "ci-race")
    add_publisher(account.user, by=cast.paul, scopes=["read"], **ci.RULE)
    token, results, barrier = ci.signed(), [], threading.Barrier(8)

    def try_it():
        try:
            barrier.wait(20)
            exchange(token)
            results.append("won")
        except NotSignedIn:
            results.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == ["refused"] * 7 + ["won"]
    assert ApiToken.objects.filter(user=account.user).count() == 1


def test_two_accounts_that_trust_the_same_job_are_told_apart_by_name(cast, trusted):
    other = a_service_account(cast.legal_tech, cast.lars, "ci-legal")
    add_publisher(other.user, by=cast.lars, scopes=["read"], **ci.RULE)
    with pytest.raises(NotSignedIn):
        exchange(ci.signed())
    assert exchange(ci.signed(), account="CI-legal")[0].user == other.user
    with pytest.raises(NotSignedIn):
        exchange(ci.signed(), account="ci-nobody\0")


def test_a_pattern_stands_for_one_part_of_a_name(cast, account):
    add_publisher(account.user, by=cast.paul, scopes=["read"], **ci.RULE | {"ref": "refs/tags/v*"})
    assert exchange(ci.signed(ref="refs/tags/v1.2"))
    for ref in ("refs/tags/v1/x", "refs/tags/w1", "refs/heads/refs/tags/v1", "refs/tags/v1\n"):
        with pytest.raises(NotSignedIn):
            exchange(ci.signed(ref=ref))


def test_removing_a_rule_ends_its_tokens_at_once(cast, trusted):
    _, secret = exchange(ci.signed())
    remove_publisher(trusted, by=cast.paul)
    assert token_caller(secret) is None
    with pytest.raises(NotSignedIn):
        exchange(ci.signed())
    assert Event.objects.filter(verb="publisher.removed").exists()


def test_an_ended_service_account_gets_nothing(cast, trusted):
    type(trusted.user).objects.filter(pk=trusted.user_id).update(is_active=False)
    with pytest.raises(NotSignedIn):
        exchange(ci.signed())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("issuer", "http://ci.example.com"), ("issuer", "https://"), ("issuer", "ci"), ("audience", ""), ("audience", "a b"), ("repository", "*"),
        ("repository", "finance/*"), ("repository", "finance"), ("ref", "*"), ("ref", "main"), ("ref", "refs/heads/[a-z]"), ("workflow", ""),
        ("workflow", "a@b"), ("workflow", "x" * 201),
    ],
)  # fmt: skip
def test_a_rule_leaves_nothing_open(cast, account, field, value):
    with pytest.raises(Invalid) as told:
        add_publisher(account.user, by=cast.paul, scopes=["read"], **ci.RULE | {field: value})
    assert list(told.value.fields) == [field]


def test_only_who_looks_after_the_account_trusts_jobs_and_never_to_review(cast, account):
    for name in ("nina", "ivo", "gus"):
        with pytest.raises(NotAllowed):
            add_publisher(account.user, by=cast.people[name], scopes=["read"], **ci.RULE)
    with pytest.raises(NotAllowed):
        add_publisher(account.user, by=cast.paul, scopes=["review"], **ci.RULE)
    with pytest.raises(Invalid):
        add_publisher(cast.paul, by=cast.paul, scopes=["read"], **ci.RULE)
    add_publisher(account.user, by=cast.paul, scopes=["read"], **ci.RULE)
    with pytest.raises(Conflict):
        add_publisher(account.user, by=cast.paul, scopes=["read"], **ci.RULE)


@pytest.mark.parametrize("changes", [{"issuer": "http://x"}, {"repository": ""}, {"ref": ""}, {"workflow": ""}, {"audience": ""}])
def test_the_database_refuses_a_rule_that_leaves_something_open(cast, account, changes):
    with pytest.raises(IntegrityError, match="publisher_"), transaction.atomic():
        TrustedPublisher.objects.create(user=account.user, scopes=["read"], **ci.RULE | changes)


def test_spent_proofs_are_forgotten_after_their_time(trusted):
    exchange(ci.signed())
    assert forget_spent() == 0
    SpentAssertion.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert forget_spent() == 1


@pytest.mark.parametrize("minutes", [-10, 10])
def test_times_are_judged_by_the_clock_of_the_database(trusted, minutes):
    token = ci.signed()
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        assert exchange(token)


@pytest.mark.parametrize("how", ["revoked", "left"])
def test_a_job_that_was_trusted_through_a_token_is_trusted_no_more_once_that_is_revoked(cast, how):
    laptop, _ = issue_token(cast.root, by=cast.root, name="laptop", scopes=["read", "admin"])
    rule = {"issuer": "https://ci.example", "audience": "x", "repository": "a/b", "ref": "refs/heads/main", "workflow": "w.yml"}
    made = add_publisher(cast.ci_claims, by=cast.root, scopes=["read"], parent=laptop, **rule)
    got, _ = make_token(cast.ci_claims, by=cast.ci_claims, name="CI", scopes=["read"], until=timezone.now() + timedelta(hours=1), publisher=made)
    if how == "revoked":
        revoke_token(laptop, by=cast.root)
    else:
        deactivate_person(cast.root, by=None)
    made.refresh_from_db()
    assert (made.removed_at is not None) == (how == "revoked"), "what somebody handed out to programs survives that they leave"
    assert counts_now(got) == (how == "left")
    assert Event.objects.filter(verb="publisher.removed").count() == (how == "revoked")
