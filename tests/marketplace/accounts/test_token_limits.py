"""What a token is limited to, how it is rotated, and when it ends by itself."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.registry.actions import create_use_case, register_model
from catalog.registry.queries import models_for
from marketplace.accounts.actions import remove_member
from marketplace.accounts.keys.actions import issue_token, note_token_use, revoke_token, rotate_token
from marketplace.accounts.keys.limits import limits_named
from marketplace.accounts.keys.queries import token_caller
from marketplace.accounts.models import ApiToken
from marketplace.accounts.tokens import SCOPES
from marketplace.activity.models import Event
from marketplace.api.views import ApiView
from marketplace.errors import Conflict, Invalid, NotAllowed
from tests import ci
from tests import factories as make
from tests import world as worlds

TOKENS = "/api/v1/tokens"


def header(secret):
    return {"Authorization": f"Bearer {secret}"}


def a_token(user, *scopes, teams=(), models=(), **more):
    limits = limits_named(user, teams, models)
    return issue_token(user, by=user, name="limited", scopes=list(scopes) or ["read", "download"], limits=limits, **more)


def post(client, address, body, secret):
    return client.post(address, body, content_type="application/json", headers=header(secret))


@pytest.fixture
def world(cast):
    return worlds.build(cast)


@pytest.fixture
def other(cast, world):
    return make.a_model(cast.finance_ml, cast.nina, "totals")


class TestLimits:
    def test_lists_search_pages_and_bytes_keep_to_the_models_that_are_named(self, cast, client, world, other):
        _, secret = a_token(cast.nina, models=["Finance-ML/Invoice"])
        listed = client.get("/api/v1/models", headers=header(secret)).json()
        assert [row["name"] for row in listed["results"]] == ["invoice"]
        assert client.get("/api/v1/search", headers=header(secret)).json()["total"] == 1
        assert client.get(f"/api/v1/models/{other}", headers=header(secret)).status_code == 404
        file = "/api/v1/models/{}/versions/1.0.0/files/model.safetensors"
        assert client.get(file.format(world.open), headers=header(secret)).status_code == 200

    def test_a_team_stands_for_all_its_models(self, cast, client, world, other):
        elsewhere = make.a_model(cast.legal_tech, cast.lars, "clauses")
        _, secret = a_token(cast.nina, teams=["FINANCE-ML"])
        names = {row["name"] for row in client.get("/api/v1/models", headers=header(secret)).json()["results"]}
        assert names == {"invoice", "totals"}
        assert client.get(f"/api/v1/models/{elsewhere}", headers=header(secret)).status_code == 404

    def test_a_limit_gives_nothing_that_the_owner_may_not(self, cast, client, world):
        token, secret = a_token(cast.bea, teams=["secret-lab"])
        assert client.get("/api/v1/models", headers=header(secret)).json()["results"] == []
        ApiToken.objects.filter(pk=token.pk).update(only_models=[world.hidden.pk])
        assert client.get(f"/api/v1/models/{world.hidden}", headers=header(secret)).status_code == 404

    def test_a_link_to_bytes_carries_the_limits_along(self, cast, client, world, settings):
        settings.FILES_URL = "http://files.example.com"
        token, secret = a_token(cast.nina, models=[str(world.open)])
        link = client.get(f"/api/v1/models/{world.open}/versions/1.0.0/files/model.safetensors", headers=header(secret))["Location"]
        link = link.removeprefix("http://files.example.com")
        assert client.get(link).status_code == 200
        ApiToken.objects.filter(pk=token.pk).update(only_models=[0])
        assert client.get(link).status_code == 404

    @pytest.mark.parametrize("name", ["secret-lab/falcon", "secret-lab/no-such-model", "falcon/", "a/b/c", "x\0/y", "nothing/at-all"])
    def test_a_hidden_model_and_none_at_all_sound_the_same(self, cast, client, world, name):
        _, secret = issue_token(cast.bea, by=cast.bea, name="p", scopes=["admin", "read"])
        body = {"name": "x", "scopes": ["read"], "only_models": [name]}
        if "\0" in name:
            with pytest.raises(Invalid):
                limits_named(cast.bea, [], [name])
            return
        answer = post(client, TOKENS, body, secret)
        assert answer.status_code == 422
        assert answer.json()["errors"] == {"only_models": [f"There is no model {name} that you can see. Write team/name."]}

    def test_a_team_that_is_not_there_is_named(self, cast):
        with pytest.raises(Invalid) as told:
            limits_named(cast.bea, ["no-such-team"], [])
        assert "no-such-team" in told.value.fields["only_teams"][0]

    def test_a_model_that_its_owner_no_longer_sees_is_not_named(self, cast, client, signed_in, world):
        token, _ = a_token(cast.sam, models=[str(world.hidden)])
        ApiToken.objects.filter(pk=token.pk).update(user=cast.bea)
        shown = client.get(f"{TOKENS}/{token.pk}", headers=header(a_token(cast.bea, "read")[1])).json()
        assert shown["only_models"] == ["a model that you cannot see"]
        assert "falcon" not in signed_in(cast.bea).get("/me/tokens").content.decode()

    def test_nothing_is_made_outside_the_limits(self, cast, client, world):
        _, secret = a_token(cast.nina, "read", "publish", models=[str(world.open)])
        made = post(client, "/api/v1/models", {"team": "finance-ml", "name": "brand-new"}, secret)
        assert made.status_code == 403
        assert post(client, "/api/v1/use-cases", {"team": "finance-ml", "name": "Other"}, secret).status_code == 403
        assert post(client, f"/api/v1/models/{world.open}/versions", {"version": "7.0.0"}, secret).status_code == 201
        _, secret = a_token(cast.nina, "read", "publish", teams=["finance-ml"])
        assert post(client, "/api/v1/models", {"team": "finance-ml", "name": "brand-new"}, secret).status_code == 201

    def test_the_actions_judge_it_themselves(self, cast, world):
        cast.nina.limits = limits_named(cast.nina, [], [str(world.open)])
        with pytest.raises(NotAllowed):
            register_model(cast.finance_ml, "brand-new", by=cast.nina)
        with pytest.raises(NotAllowed):
            create_use_case("Other", team=cast.finance_ml, by=cast.nina)

    def test_a_limited_token_of_an_administrator_or_owner_manages_nothing_else(self, cast, client, world):
        _, secret = a_token(cast.root, "read", "admin", models=[str(world.open)])
        assert post(client, "/api/v1/teams", {"name": "another"}, secret).status_code == 403
        assert post(client, "/api/v1/teams/sales/members", {"username": "stan", "role": "owner"}, secret).status_code == 403
        _, secret = a_token(cast.paul, "read", "admin", teams=["sales"])
        assert post(client, "/api/v1/teams/finance-ml/members", {"username": "stan", "role": "viewer"}, secret).status_code == 403
        _, secret = a_token(cast.paul, "read", "admin", teams=["finance-ml"])
        assert post(client, "/api/v1/teams/finance-ml/members", {"username": "stan", "role": "viewer"}, secret).status_code == 201

    @pytest.mark.parametrize("address", ["/api/v1/audit-events", "/api/v1/me/notices"])
    def test_what_tells_of_more_than_models_is_not_for_limited_tokens(self, cast, client, world, address):
        _, secret = a_token(cast.aud, "read", models=[str(world.open)])
        assert client.get(address, headers=header(secret)).status_code == 403
        assert client.get(address, headers=header(a_token(cast.aud, "read")[1])).status_code == 200

    @pytest.mark.parametrize(
        ("asked", "status"),
        [
            ({}, 403), ({"only_teams": ["legal-tech"]}, 403), ({"only_teams": ["finance-ml", "legal-tech"]}, 403),
            ({"only_models": ["legal-tech/clauses"]}, 422), ({"only_teams": ["finance-ml"]}, 201),
        ],
    )  # fmt: skip
    def test_a_limited_token_issues_none_that_reaches_further(self, cast, client, world, asked, status):
        make.a_model(cast.legal_tech, cast.lars, "clauses")
        _, secret = a_token(cast.paul, "admin", "read", teams=["finance-ml"])
        assert post(client, TOKENS, {"name": "x", "scopes": ["read"]} | asked, secret).status_code == status

    def test_and_rotates_none_that_reaches_further(self, cast, client, world):
        wide, _ = a_token(cast.paul, "read")
        more, _ = a_token(cast.paul, "read", "publish", teams=["finance-ml"])
        same, _ = a_token(cast.paul, "read", teams=["finance-ml"], days=300)
        parent, secret = a_token(cast.paul, "admin", "read", teams=["finance-ml"], days=2)
        assert post(client, f"{TOKENS}/{wide.pk}/rotate", {}, secret).status_code == 403
        assert post(client, f"{TOKENS}/{more.pk}/rotate", {}, secret).status_code == 403
        made = post(client, f"{TOKENS}/{same.pk}/rotate", {}, secret)
        assert made.status_code == 201
        assert ApiToken.objects.get(pk=made.json()["id"]).expires_at <= parent.expires_at

    @pytest.mark.parametrize(
        ("scopes", "limited", "status"), [(("admin",), False, 403), (("admin", "publish"), True, 403), (("admin", "publish"), False, 201)]
    )
    def test_no_token_trusts_a_job_with_more_than_it_may_itself(self, cast, client, world, scopes, limited, status):
        _, secret = a_token(cast.paul, *scopes, teams=["finance-ml"] if limited else [])
        at = "/api/v1/teams/finance-ml/service-accounts/ci-invoices/publishers"
        assert post(client, at, ci.RULE | {"scopes": ["publish"]}, secret).status_code == status

    def test_what_a_token_can_read_now_is_shown(self, cast, signed_in, world, other):
        token, _ = a_token(cast.nina, models=[str(world.open)])
        page = signed_in(cast.nina).get(f"/tokens/{token.pk}/reach")
        assert [row[0] for row in page.context["rows"]] == [world.open]
        revoke_token(token, by=cast.nina)
        assert not signed_in(cast.nina).get(f"/tokens/{token.pk}/reach").context["rows"]
        assert signed_in(cast.bea).get(f"/tokens/{token.pk}/reach").status_code == 404


class TestRotation:
    def test_both_secrets_count_for_a_day_and_the_new_one_lasts_as_long_as_the_old_was_to(self, cast):
        old, secret = a_token(cast.ivo, teams=["claims-api"], days=30)
        new, fresh = rotate_token(old, by=cast.ivo)
        assert token_caller(secret).token == old
        assert token_caller(fresh).token == new
        assert (new.name, new.scopes, new.only_teams, new.replaces) == (old.name, old.scopes, old.only_teams, old)
        assert timedelta(hours=23, minutes=59) < old.expires_at - timezone.now() <= timedelta(hours=24, minutes=1)
        assert timedelta(days=29, hours=23) < new.expires_at - timezone.now() <= timedelta(days=30, minutes=1)
        assert Event.objects.filter(verb="token.rotated", subject_id=str(new.pk)).exists()

    def test_the_end_of_the_old_one_is_never_put_off(self, cast):
        old, _ = a_token(cast.ivo, days=1)
        ApiToken.objects.filter(pk=old.pk).update(expires_at=timezone.now() + timedelta(minutes=5))
        old.refresh_from_db()
        rotate_token(old, by=cast.ivo)
        assert old.expires_at <= timezone.now() + timedelta(minutes=5)

    def test_a_token_is_rotated_once_and_only_while_it_counts(self, cast):
        old, _ = a_token(cast.ivo)
        rotate_token(old, by=cast.ivo)
        with pytest.raises(Conflict):
            rotate_token(old, by=cast.ivo)
        gone, _ = a_token(cast.ivo)
        revoke_token(gone, by=cast.ivo)
        with pytest.raises(Conflict):
            rotate_token(gone, by=cast.ivo)

    def test_nobody_rotates_anothers(self, cast, signed_in):
        old, _ = a_token(cast.ivo)
        assert signed_in(cast.bea).post(f"/me/tokens/{old.pk}/rotate").status_code == 404
        assert signed_in(cast.bea).post(f"{TOKENS}/{old.pk}/rotate").status_code == 404
        with pytest.raises(NotAllowed):
            rotate_token(old, by=cast.bea)


class TestEnds:
    def test_leaving_the_team_ends_the_tokens_that_were_limited_to_it(self, cast):
        _, bound = a_token(cast.nina, teams=["finance-ml"])
        _, free = a_token(cast.nina)
        _, other = a_token(cast.nina, teams=["legal-tech"])
        remove_member(cast.finance_ml, cast.nina, by=cast.paul)
        assert token_caller(bound) is None
        assert token_caller(free)
        assert token_caller(other)
        assert Event.objects.filter(verb="token.revoked").count() == 1

    @pytest.mark.parametrize("days", [None, "", 0, 366, "many"])
    def test_there_is_no_token_without_an_end_within_a_year(self, cast, client, signed_in, days):
        body = {"name": "x", "scopes": ["read"], "days": days}
        assert signed_in(cast.ivo).post(TOKENS, body, content_type="application/json").status_code == 422
        assert signed_in(cast.ivo).post("/me/tokens", body | {"days": days or ""}).status_code == 422
        assert not ApiToken.objects.filter(user=cast.ivo).exists()

    def test_without_a_wish_it_ends_after_ninety_days(self, cast, signed_in):
        made = signed_in(cast.ivo).post(TOKENS, {"name": "x", "scopes": ["read"]}, content_type="application/json")
        assert timedelta(days=89) < ApiToken.objects.get(pk=made.json()["id"]).expires_at - timezone.now() <= timedelta(days=90)

    def test_the_database_refuses_one_that_lives_longer(self, cast):
        with pytest.raises(IntegrityError, match="token_ends_within_a_year"), transaction.atomic():
            ApiToken.objects.create(user=cast.bea, name="x", prefix="m", digest=b"1" * 32, scopes=[], expires_at=timezone.now() + timedelta(400))

    def test_who_issues_it_cannot_choose_what_is_not_theirs(self, cast, signed_in):
        for extra in ({"user": "ada"}, {"digest": "x"}, {"expires_at": "2099-01-01"}, {"issued_by": 1}, {"publisher": 1}, {"prefix": "x"}):
            answer = signed_in(cast.ivo).post(TOKENS, {"name": "x", "scopes": ["read"]} | extra, content_type="application/json")
            assert answer.status_code == 422, extra


class TestUse:
    def test_the_last_use_says_when_and_from_where_and_the_record_holds_no_address(self, cast, client):
        token, secret = issue_token(cast.ivo, by=cast.ivo, name="x", scopes=["read", "admin"])
        client.get("/api/v1/me", headers=header(secret), REMOTE_ADDR="192.0.2.7")
        token.refresh_from_db()
        assert token.last_used_from == "192.0.2.7"
        client.post(TOKENS, {"name": "y", "scopes": ["read"]}, content_type="application/json", headers=header(secret), REMOTE_ADDR="192.0.2.8")
        token.refresh_from_db()
        assert token.last_used_from == "192.0.2.7", "at most once in five minutes"
        assert not Event.objects.filter(body__contains="192.0.2.").exists()
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=timezone.now() - timedelta(minutes=6))
        client.get("/api/v1/me", headers=header(secret), REMOTE_ADDR="192.0.2.9")
        token.refresh_from_db()
        assert token.last_used_from == "192.0.2.9", "overwritten"

    def test_a_call_asks_once_and_writes_only_when_the_last_use_is_old(self, cast, client, django_assert_num_queries):
        token, secret = issue_token(cast.ivo, by=cast.ivo, name="x", scopes=["read"])
        with django_assert_num_queries(1):
            caller = token_caller(secret)
        with django_assert_num_queries(1):
            note_token_use(caller.token)
        again = token_caller(secret)
        with django_assert_num_queries(0):
            note_token_use(again.token)
            assert models_for(again.user) is not None
            assert again.user.username == "ivo"

    def test_one_that_nobody_used_for_sixty_days_is_flagged(self, cast, signed_in):
        token, _ = a_token(cast.ivo)
        assert "Unused for 60 days" not in signed_in(cast.ivo).get("/me/tokens").content.decode()
        ApiToken.objects.filter(pk=token.pk).update(created_at=timezone.now() - timedelta(days=61))
        assert "Unused for 60 days" in signed_in(cast.ivo).get("/me/tokens").content.decode()
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=timezone.now() - timedelta(days=2))
        assert "Unused for 60 days" not in signed_in(cast.ivo).get("/me/tokens").content.decode()


def every_view(base=ApiView):
    for view in base.__subclasses__():
        yield view
        yield from every_view(view)


def test_no_scope_exists_that_nothing_asks_for():
    asked = {scope for view in every_view() for method, scope in view.scopes.items() if hasattr(view, method.lower())}
    assert asked == SCOPES.keys()
