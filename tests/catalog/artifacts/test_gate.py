"""The gate: every byte is asked of the database, and the answer says why not."""

from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from catalog.artifacts import gate
from catalog.artifacts.actions import note_read
from catalog.artifacts.models import Blob
from catalog.registry.actions import end_grant, give_grant
from catalog.registry.models import AccessGrant, Approval, ModelVersion
from catalog.usage.models import UsageEvent
from marketplace.accounts.models import ApiToken
from marketplace.activity.models import Event
from marketplace.errors import NotAllowed, NotFound
from tests.factories import a_file, a_model, a_service_account, a_submitted_version, a_use_case, a_version, an_approved_version

PATH = "model.safetensors"


def ask(caller, version, *, token=None, path=PATH, purpose=None):
    caller.__dict__.pop("_group_names", None)
    caller.__dict__.pop("_memberships", None)
    return gate.resolve(caller, token, version.pk, path, purpose=purpose)


def refused(caller, version, **more) -> str:
    with pytest.raises(NotAllowed) as no:
        ask(caller, version, **more)
    assert no.value.hint, "a refusal says what to do"
    return no.value.code


def grant(version, *, user=None, team=None, until=None, environment="production", data_class="internal", use_case=None):
    return give_grant(
        version.model,
        use_case=use_case or version.use_case,
        until=until or timezone.now() + timedelta(days=400),
        by=None,
        user=user,
        team=team,
        environment=environment,
        data_class=data_class,
    )


def end_approval(version, *, stop_in=timedelta(days=10), ended_ago=timedelta(days=1)):
    now = timezone.now()
    Approval.objects.filter(version=version).update(valid_from=now - timedelta(days=90), valid_until=now - ended_ago, stop_at=now + stop_in)


def move(version, state):
    ModelVersion.objects.filter(pk=version.pk).update(state=state)


@pytest.fixture
def approved(cast):
    return an_approved_version(a_model(cast.finance_ml, cast.paul), cast.paul)


class TestUse:
    def test_a_grant_under_an_approval_opens_it_and_says_under_what(self, cast, approved):
        given = grant(approved, team=cast.claims_api)
        leave = ask(cast.ivo, approved)
        assert (leave.kind, leave.grant, leave.approval.version) == ("use", given, approved)
        assert (leave.blob, leave.team) == (leave.file.blob, cast.claims_api)

    def test_the_owner_team_uses_its_approved_version(self, cast, approved):
        assert ask(cast.nina, approved).kind == "use"

    def test_a_service_account_uses_the_grant_of_its_team(self, cast, approved):
        grant(approved, team=cast.claims_api)
        a_service_account(cast.claims_api, cast.ivo, user=cast.ci_claims, use_case=approved.use_case)
        assert ask(cast.ci_claims, approved).kind == "use"

    def test_two_grants_that_overlap_open_it_until_the_last_one_ends(self, cast, approved):
        short = grant(approved, user=cast.ivo, until=timezone.now() + timedelta(days=1))
        long = grant(approved, team=cast.claims_api, until=timezone.now() + timedelta(days=9))
        assert ask(cast.ivo, approved).grant == long
        end_grant(long, by=None)
        assert ask(cast.ivo, approved).grant == short
        AccessGrant.objects.filter(pk=short.pk).update(until=timezone.now())
        assert refused(cast.ivo, approved) == "grant-ended"

    def test_without_a_grant_it_names_the_way(self, cast, approved):
        assert refused(cast.ivo, approved) == "no-grant"

    @pytest.mark.parametrize(("environment", "data_class"), [("production", "personal")])
    def test_a_grant_beyond_the_approval_opens_nothing(self, cast, approved, environment, data_class):
        grant(approved, team=cast.claims_api, environment=environment, data_class=data_class)
        assert refused(cast.ivo, approved) == "no-grant"

    def test_a_grant_for_another_use_case_opens_nothing(self, cast, approved):
        grant(approved, team=cast.claims_api, use_case=a_use_case(cast.claims_api, cast.ivo))
        assert refused(cast.ivo, approved) == "no-grant"

    def test_a_grant_that_ended_bites_at_once(self, cast, approved):
        given = grant(approved, team=cast.claims_api)
        assert ask(cast.ivo, approved)
        end_grant(given, by=cast.paul)
        assert refused(cast.ivo, approved) == "grant-ended"

    def test_a_grant_past_its_end_opens_nothing_before_any_sweep(self, cast, approved):
        given = grant(approved, team=cast.claims_api)
        AccessGrant.objects.filter(pk=given.pk).update(until=timezone.now() - timedelta(seconds=1))
        assert refused(cast.ivo, approved) == "grant-ended"

    def test_an_approval_for_other_bytes_opens_nothing(self, cast, approved):
        grant(approved, team=cast.claims_api)
        Approval.objects.filter(version=approved).update(manifest_digest="0" * 64)
        with pytest.raises(NotAllowed):
            ask(cast.ivo, approved)

    def test_a_void_approval_opens_nothing(self, cast, approved):
        grant(approved, team=cast.claims_api)
        Approval.objects.filter(version=approved).update(voided_at=timezone.now())
        assert refused(cast.ivo, approved) == "approval-ended"

    @pytest.mark.parametrize("state", ["in_review", "validating", "deprecated", "expired"])
    def test_the_approval_counts_and_not_the_state(self, cast, approved, state):
        grant(approved, team=cast.claims_api)
        move(approved, state)
        assert ask(cast.ivo, approved).kind == "use"

    @pytest.mark.parametrize(
        ("state", "code"), [("suspended", "suspended"), ("retired", "retired"), ("quarantined", "quarantined"), ("purged", "purged")]
    )
    def test_some_states_stop_all_use_whatever_was_approved(self, cast, approved, state, code):
        grant(approved, team=cast.claims_api)
        move(approved, state)
        assert refused(cast.ivo, approved) == code

    def test_not_approved_yet(self, cast):
        version = a_submitted_version(a_model(cast.finance_ml, cast.paul), cast.paul)
        assert refused(cast.ivo, version) == "not-approved"

    def test_removed_bytes_are_gone_for_everybody(self, cast, approved):
        Blob.objects.filter(files__version=approved).update(purged_at=timezone.now())
        assert refused(cast.paul, approved) == "purged"


class TestTheEnd:
    """After `valid_until` until `stop_at`: production that pulled this very version before, nobody else."""

    @pytest.fixture
    def pulled(self, cast, approved):
        grant(approved, team=cast.claims_api)
        note_read(ask(cast.ivo, approved), size=1)
        return approved

    def end(self, version, **more):
        end_approval(version, ended_ago=-timedelta(0), **more)

    def test_production_that_pulled_before_may_pull_again_until_the_stop(self, cast, pulled):
        self.end(pulled)
        assert ask(cast.ivo, pulled).kind == "use"
        a_service_account(cast.claims_api, cast.ivo, user=cast.ci_claims, use_case=pulled.use_case)
        assert ask(cast.ci_claims, pulled).kind == "use", "the team pulled it"

    def test_after_the_stop_nobody(self, cast, pulled):
        now = timezone.now()
        Approval.objects.filter(version=pulled).update(
            valid_from=now - timedelta(days=9), valid_until=now - timedelta(seconds=1), stop_at=now - timedelta(seconds=1)
        )
        assert refused(cast.ivo, pulled) == "approval-ended"

    def test_who_never_pulled_may_not_begin(self, cast, pulled):
        grant(pulled, team=cast.sales)
        self.end(pulled)
        assert refused(cast.bea, pulled) == "approval-ended"

    def test_who_pulled_only_afterwards_did_not_pull_before(self, cast, approved):
        grant(approved, team=cast.claims_api)
        end_approval(approved, ended_ago=timedelta(hours=1))
        UsageEvent.objects.create(
            kind="use", model=approved.model, version=approved, path=PATH, sha256="0" * 64, bytes=1, person=cast.ivo.person, team=cast.claims_api,
            environment="production",
        )  # fmt: skip
        assert refused(cast.ivo, approved) == "approval-ended"

    def test_who_pulled_another_version_did_not_pull_this_one(self, cast, approved):
        other = an_approved_version(approved.model, cast.paul, "2.0.0")
        grant(approved, team=cast.claims_api)
        note_read(ask(cast.ivo, other), size=1)
        self.end(approved)
        assert refused(cast.ivo, approved) == "approval-ended"

    @pytest.mark.parametrize("environment", ["dev", "test"])
    def test_only_production(self, cast, approved, environment):
        grant(approved, team=cast.claims_api, environment=environment)
        note_read(ask(cast.ivo, approved), size=1)
        self.end(approved)
        assert refused(cast.ivo, approved) == "approval-ended"

    def test_who_only_tried_it_out_does_not_begin_production(self, cast, approved):
        trial = grant(approved, team=cast.claims_api, environment="dev")
        note_read(ask(cast.ivo, approved), size=1)
        grant(approved, team=cast.claims_api)
        self.end(approved)
        assert trial.environment == "dev"
        assert refused(cast.ivo, approved) == "approval-ended"

    @pytest.mark.parametrize("state", ["suspended", "retired", "quarantined"])
    def test_a_stop_bites_there_too(self, cast, pulled, state):
        self.end(pulled)
        move(pulled, state)
        assert refused(cast.ivo, pulled) == state

    def test_a_grant_that_ended_bites_there_too(self, cast, pulled):
        self.end(pulled)
        AccessGrant.objects.filter(team=cast.claims_api).update(ended_at=timezone.now())
        assert refused(cast.ivo, pulled) == "approval-ended"


class TestWork:
    @pytest.fixture
    def in_review(self, cast):
        version = a_submitted_version(a_model(cast.finance_ml, cast.paul, visibility="team"), cast.paul)
        version.model.open_to = ["track:technical"]
        version.model.save(update_fields=["open_to"])
        return version

    @pytest.mark.parametrize("name", ["paul", "nina", "tess", "aud", "zoe"])
    def test_those_who_work_on_it_read_it_and_that_is_no_use(self, cast, in_review, name):
        leave = ask(getattr(cast, name), in_review)
        note_read(leave, size=1)
        assert (leave.kind, leave.grant, UsageEvent.objects.get().kind) == ("work", None, "work")

    @pytest.mark.parametrize("name", ["rita", "stan", "bea", "ivo", "root"])
    def test_for_everybody_else_it_does_not_exist(self, cast, in_review, name):
        with pytest.raises(NotFound):
            ask(getattr(cast, name), in_review)

    def test_governance_sees_it_but_reads_no_bytes(self, cast, in_review):
        assert refused(cast.gus, in_review) == "not-approved"

    def test_a_draft_is_read_by_its_contributors(self, cast):
        draft = a_version(a_model(cast.finance_ml, cast.paul), cast.paul)
        a_file(draft, by=cast.paul)
        assert ask(cast.nina, draft).kind == "work"
        assert refused(cast.bea, draft) == "not-approved"

    def test_suspended_versions_are_still_worked_on(self, cast, approved):
        move(approved, "suspended")
        assert ask(cast.nina, approved).kind == "work"


class TestQuarantine:
    @pytest.fixture
    def quarantined(self, cast):
        version = a_submitted_version(a_model(cast.finance_ml, cast.paul), cast.paul)
        move(version, "quarantined")
        return version

    @pytest.mark.parametrize("name", ["paul", "nina", "tess", "aud", "ada", "zoe"])
    def test_nobody_reads_it_just_so(self, cast, quarantined, name):
        assert refused(getattr(cast, name), quarantined) == "quarantined"

    def test_security_inspects_it_by_saying_so_and_that_is_on_record(self, cast, quarantined):
        leave = ask(cast.zoe, quarantined, purpose="quarantine-inspection")
        note_read(leave, size=7)
        event = Event.objects.get(verb="bytes.read")
        assert (event.actor, event.subject_id) == (cast.zoe.person, str(quarantined.pk))
        assert UsageEvent.objects.get().kind == "work"

    @pytest.mark.parametrize("name", ["paul", "aud", "tess", "gus", "root"])
    def test_saying_so_helps_nobody_else(self, cast, quarantined, name):
        assert refused(getattr(cast, name), quarantined, purpose="quarantine-inspection") == "quarantined"

    def test_other_purposes_do_not_exist(self, cast, quarantined, approved):
        assert refused(cast.zoe, quarantined, purpose="curiosity") == "unknown-purpose"
        assert refused(cast.zoe, approved, purpose="quarantine-inspection") == "not-quarantined"


class TestTokensAndNames:
    def test_a_token_needs_the_scope(self, cast, approved):
        token = ApiToken(user=cast.nina, scopes=["read", "publish"])
        assert refused(cast.nina, approved, token=token) == "scope-missing"
        token.scopes.append("download")
        assert ask(cast.nina, approved, token=token).token is token

    def test_people_who_left_see_nothing(self, cast, approved):
        cast.nina.is_active = False
        with pytest.raises(NotFound):
            ask(cast.nina, approved)

    @pytest.mark.parametrize("path", ["nothing.bin", "MODEL.safetensors", "../model.safetensors", "model.safetensors\0", ""])
    def test_other_names_do_not_exist(self, cast, approved, path):
        with pytest.raises(NotFound):
            ask(cast.nina, approved, path=path)

    def test_a_file_of_another_version_does_not_exist_here(self, cast, approved):
        draft = a_version(approved.model, cast.paul, "9.9.9")
        with pytest.raises(NotFound):
            ask(cast.nina, draft)

    @override_settings(CELERY_BROKER_URL="redis://127.0.0.1:1/0", REDIS_URL="redis://127.0.0.1:1/0")
    def test_it_asks_nothing_but_the_database(self, cast, approved, monkeypatch, django_assert_max_num_queries):
        monkeypatch.setattr("marketplace.jobs.Job.ring", lambda *_, **__: pytest.fail("the gate rang the broker"))
        with django_assert_max_num_queries(12):
            note_read(ask(cast.nina, approved), size=1)

    def test_nothing_is_kept_between_two_questions(self, cast, approved):
        grant(approved, team=cast.claims_api)
        ask(cast.ivo, approved)
        move(approved, "suspended")
        assert refused(cast.ivo, approved) == "suspended", "although the caller holds an older copy of the version"
