"""Service accounts: a program of a team, for one use case in one environment; it outlives whoever made it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.artifacts import gate
from catalog.artifacts.actions import note_read
from catalog.registry.actions import change_accountable, create_service_account, end_service_account, give_grant
from catalog.registry.models import AccessGrant, Approval, ServiceAccount
from catalog.registry.notices import tell_of_leaver
from catalog.registry.queries import standing_on, usable_approvals
from catalog.registry.service_accounts import service_account_named
from catalog.usage.models import UsageEvent
from marketplace.accounts.actions import add_member, remove_member
from marketplace.accounts.keys.actions import issue_token, rotate_token
from marketplace.accounts.keys.queries import token_caller
from marketplace.accounts.models import Membership, User
from marketplace.activity.models import Event
from marketplace.errors import Conflict, Invalid, NotAllowed
from marketplace.notifications.models import Notice
from tests.factories import a_model, a_service_account, a_use_case, an_approved_version

PATH = "model.safetensors"
ACCOUNTS = "/api/v1/teams/claims-api/service-accounts"


@pytest.fixture
def approved(cast):
    return an_approved_version(a_model(cast.finance_ml, cast.paul), cast.paul)


def grant(version, team, environment="production", use_case=None):
    return give_grant(
        version.model, use_case=use_case or version.use_case, until=timezone.now() + timedelta(days=90), by=None, team=team, environment=environment
    )


def a_program(cast, version, environment="production", use_case=None):
    return a_service_account(cast.claims_api, cast.ivo, use_case=use_case or version.use_case, environment=environment)


def ask(account, version, token=None):
    user = User.objects.get(pk=account.user_id)
    return gate.resolve(user, token, version.pk, PATH)


class TestTheGate:
    @pytest.mark.parametrize(
        ("granted", "runs_in", "opens"),
        [("production", "production", True), ("production", "test", True), ("production", "dev", True), ("test", "production", False),
         ("test", "test", True), ("dev", "test", False), ("dev", "dev", True)],
    )  # fmt: skip
    def test_a_grant_covers_an_account_in_its_environment_or_a_lesser_one(self, cast, approved, granted, runs_in, opens):
        grant(approved, cast.claims_api, granted)
        account = a_program(cast, approved, runs_in)
        if opens:
            leave = ask(account, approved)
            note_read(leave, size=1)
            used = UsageEvent.objects.get()
            assert (used.environment, used.use_case, used.team) == (runs_in, approved.use_case, cast.claims_api)
        else:
            with pytest.raises(NotAllowed) as no:
                ask(account, approved)
            assert "use case and environment of this service account" in no.value.sentence

    def test_a_grant_for_another_use_case_opens_nothing_although_its_team_may(self, cast, approved):
        grant(approved, cast.claims_api)
        account = a_program(cast, approved, use_case=a_use_case(cast.claims_api, cast.ivo))
        assert gate.resolve(cast.ivo, None, approved.pk, PATH).kind == "use"
        with pytest.raises(NotAllowed):
            ask(account, approved)
        assert standing_on(approved.model, account.user).key == "needs_access"
        assert not usable_approvals(account.user).exists()

    def test_a_grant_of_its_own_is_held_to_the_same(self, cast, approved):
        account = a_service_account(cast.claims_api, cast.ivo)
        give_grant(approved.model, use_case=approved.use_case, until=timezone.now() + timedelta(days=9), by=None, user=account.user)
        with pytest.raises(NotAllowed):
            ask(account, approved)

    def test_one_that_names_no_use_case_uses_nothing(self, cast, approved):
        grant(approved, cast.claims_api)
        with pytest.raises(NotAllowed):
            gate.resolve(cast.ci_claims, None, approved.pk, PATH)

    def test_after_the_end_only_production_goes_on(self, cast, approved):
        grant(approved, cast.claims_api)
        running, testing = a_program(cast, approved), a_program(cast, approved, "test")
        for account in (running, testing):
            note_read(ask(account, approved), size=1)
        Approval.objects.filter(version=approved).update(valid_from=timezone.now() - timedelta(days=9), valid_until=timezone.now())
        assert ask(running, approved).environment == "production"
        with pytest.raises(NotAllowed):
            ask(testing, approved)

    def test_a_personal_token_is_for_development(self, cast, approved):
        grant(approved, cast.claims_api)
        token, _ = issue_token(cast.ivo, by=cast.ivo, name="x", scopes=["download"])
        note_read(gate.resolve(cast.ivo, token, approved.pk, PATH), size=1)
        assert UsageEvent.objects.get().environment == "dev"
        Approval.objects.filter(version=approved).update(valid_from=timezone.now() - timedelta(days=9), valid_until=timezone.now())
        with pytest.raises(NotAllowed):
            gate.resolve(cast.ivo, token, approved.pk, PATH)

    def test_it_costs_no_question_more_than_a_person(self, cast, approved, django_assert_max_num_queries):
        grant(approved, cast.claims_api)
        user = User.objects.get(pk=a_program(cast, approved).user_id)
        with django_assert_max_num_queries(12):
            note_read(gate.resolve(user, None, approved.pk, PATH), size=1)

    def test_an_ended_grant_bites_at_once(self, cast, approved):
        given = grant(approved, cast.claims_api)
        account = a_program(cast, approved)
        assert ask(account, approved)
        AccessGrant.objects.filter(pk=given.pk).update(until=timezone.now() - timedelta(seconds=1))
        with pytest.raises(NotAllowed):
            ask(account, approved)


class TestMaking:
    def test_it_is_a_viewer_of_its_team_and_cannot_sign_in(self, cast):
        made = a_service_account(cast.claims_api, cast.ivo, "ci-new")
        user = User.objects.get(username="ci-new")
        assert (made.user, user.kind, user.has_usable_password()) == (user, "service", False)
        assert Membership.objects.get(user=user).role == "viewer"
        assert {e.verb for e in Event.objects.filter(actor=cast.ivo.person)} >= {"person.added", "service_account.created", "team.member_added"}

    @pytest.mark.parametrize("name", ["bea", "paul", "ci_claims", "gus"])
    def test_only_owners_of_the_team_and_administrators(self, cast, name):
        case = a_use_case(cast.claims_api, cast.ivo)
        with pytest.raises(NotAllowed):
            create_service_account(cast.claims_api, "ci-x", by=getattr(cast, name), use_case=case, environment="dev", accountable=cast.ivo)
        assert create_service_account(cast.claims_api, "ci-x", by=cast.root, use_case=case, environment="dev", accountable=cast.ivo)

    def test_every_mistake_names_its_field(self, cast):
        foreign = a_use_case(cast.finance_ml, cast.paul)
        with pytest.raises(Invalid) as told:
            create_service_account(cast.claims_api, "ci-x", by=cast.ivo, use_case=foreign, environment="moon", accountable=cast.bea, name="a\u202eb")
        assert told.value.fields.keys() == {"use_case", "environment", "accountable", "name"}
        with pytest.raises(Invalid):
            create_service_account(
                cast.claims_api, "ci-x", by=cast.ivo, use_case=a_use_case(cast.claims_api, cast.ivo), environment="dev", accountable=cast.ci_claims
            )
        with pytest.raises(Conflict):
            a_service_account(cast.claims_api, cast.ivo, "BEA")

    def test_a_use_case_that_the_team_has_a_grant_for_may_be_named(self, cast, approved):
        with pytest.raises(Invalid):
            a_program(cast, approved)
        grant(approved, cast.claims_api)
        assert a_program(cast, approved)

    def test_the_database_refuses_unknown_environments(self, cast):
        with pytest.raises(IntegrityError, match="service_account_environment_is_known"), transaction.atomic():
            a_service_account(cast.claims_api, cast.ivo, user=cast.ci_claims, environment="moon")
        with pytest.raises(IntegrityError, match="service_account_answers_not_for_itself"), transaction.atomic():
            ServiceAccount.objects.create(
                user=cast.ci_claims,
                accountable=cast.ci_claims,
                team=cast.claims_api,
                use_case=a_use_case(cast.claims_api, cast.ivo),
                environment="dev",
            )


class TestTokens:
    def test_owners_of_its_team_issue_and_rotate_its_tokens_and_nobody_else(self, cast):
        user = a_service_account(cast.claims_api, cast.ivo).user
        token, secret = issue_token(user, by=cast.ivo, name="x", scopes=["read"])
        assert token_caller(secret).user == user
        add_member(cast.sales, user, role="viewer", by=cast.sonja)
        for name in ("bea", "sonja", "paul", "gus"):
            with pytest.raises(NotAllowed):
                issue_token(user, by=cast.people[name], name="x", scopes=["read"])
            with pytest.raises(NotAllowed):
                rotate_token(token, by=cast.people[name])

    def test_it_survives_whoever_made_it(self, cast):
        account = a_service_account(cast.claims_api, cast.ivo)
        _, secret = issue_token(account.user, by=cast.ivo, name="x", scopes=["read"])
        add_member(cast.claims_api, cast.bea, role="owner", by=cast.ivo)
        User.objects.filter(pk=cast.ivo.pk).update(is_active=False)
        assert token_caller(secret).user == account.user

    def test_ending_it_ends_its_tokens(self, cast):
        account = a_service_account(cast.claims_api, cast.ivo)
        _, secret = issue_token(account.user, by=cast.ivo, name="x", scopes=["read"])
        with pytest.raises(NotAllowed):
            end_service_account(account, by=cast.bea)
        end_service_account(account, by=cast.ivo)
        assert token_caller(secret) is None
        with pytest.raises(Conflict):
            end_service_account(account, by=cast.ivo)


class TestWhoAnswers:
    def test_when_they_leave_the_owners_are_told_and_the_page_says_so(self, cast, signed_in):
        add_member(cast.claims_api, cast.bea, role="contributor", by=cast.ivo)
        account = a_service_account(cast.claims_api, cast.ivo)
        change_accountable(account, cast.bea, by=cast.ivo)
        page = f"/teams/claims-api/tokens/{account.user.username}"
        assert "Nobody answers for it" not in signed_in(cast.ivo).get(page).content.decode()
        remove_member(cast.claims_api, cast.bea, by=cast.ivo)
        assert tell_of_leaver(Event.objects.get(verb="team.member_removed")) == 1
        assert "Name somebody else" in Notice.objects.get(user=cast.ivo).text
        assert "Nobody answers for it" in signed_in(cast.ivo).get(page).content.decode()
        assert not service_account_named(cast.claims_api, account.user.username).is_answered_for
        with pytest.raises(Invalid):
            change_accountable(account, cast.bea, by=cast.ivo)

    def test_an_inactive_one_does_not_answer_either(self, cast):
        account = a_service_account(cast.claims_api, cast.ivo)
        User.objects.filter(pk=cast.ivo.pk).update(is_active=False)
        assert not service_account_named(cast.claims_api, account.user.username).is_answered_for


class TestRest:
    def test_from_nothing_to_a_token_that_downloads(self, cast, client, approved, token_of):
        grant(approved, cast.claims_api)
        me = token_of(cast.ivo, "read", "admin", "download")
        body = {"username": "ci-rest", "use_case": approved.use_case_id, "environment": "production"}
        made = client.post(ACCOUNTS, body, content_type="application/json", headers=me)
        assert (made.status_code, made["Location"]) == (201, f"{ACCOUNTS}/ci-rest")
        asked = {"name": "nightly", "scopes": ["read", "download"], "service_account": "CI-rest"}
        token = client.post("/api/v1/tokens", asked, content_type="application/json", headers=me)
        assert token.status_code == 201
        its = {"Authorization": f"Bearer {token.json()['secret']}"}
        file = f"/api/v1/models/{approved.model}/versions/1.0.0/files/{PATH}"
        assert client.get(file, headers=its).status_code == 200
        assert UsageEvent.objects.get().environment == "production"
        at = f"/api/v1/tokens/{token.json()['id']}"
        assert client.delete(at, headers=token_of(cast.bea, "admin")).status_code == 404
        assert client.delete(at, headers=me).status_code == 204
        assert client.get(file, headers=its).status_code == 401

    @pytest.mark.parametrize("extra", [{"team": "sales"}, {"user": 1}, {"created_by": "ada"}, {"is_active": False}, {"kind": "person"}])
    def test_what_is_not_asked_for_is_refused(self, cast, client, token_of, extra):
        body = {"username": "ci-rest", "use_case": a_use_case(cast.claims_api, cast.ivo).pk, "environment": "dev"} | extra
        answer = client.post(ACCOUNTS, body, content_type="application/json", headers=token_of(cast.ivo, "admin"))
        assert answer.status_code == 422

    def test_nobody_gets_a_token_of_anothers_account(self, cast, client, token_of):
        a_service_account(cast.claims_api, cast.ivo, "ci-mine")
        body = {"name": "x", "scopes": ["read"], "service_account": "ci-mine"}
        there = client.post("/api/v1/tokens", body, content_type="application/json", headers=token_of(cast.bea, "admin", "read"))
        gone = client.post(
            "/api/v1/tokens", body | {"service_account": "ci-no"}, content_type="application/json", headers=token_of(cast.bea, "admin")
        )
        assert there.status_code == gone.status_code == 422
        assert there.json()["errors"] == gone.json()["errors"]
