"""What is done to models and versions: names, clashes, the whole matrix of moves, races, frozen files, aliases, grants."""

import itertools
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from guardian.shortcuts import get_groups_with_perms, get_users_with_perms

from catalog.artifacts.models import Blob, ModelFile
from catalog.registry import work
from catalog.registry.actions import (
    add_version,
    bring_in,
    change_model,
    change_version,
    end_grant,
    freeze_version,
    give_grant,
    move_version,
    register_model,
    remove_alias,
    set_alias,
    withdraw_version,
)
from catalog.registry.models import AccessGrant, Alias, ModelVersion, RegisteredModel
from catalog.registry.queries import approval_for_use, models_for, standing_on
from catalog.registry.states import FINAL, MOVES, NEVER_SERVED, VersionState
from marketplace.activity.models import Event
from marketplace.errors import Conflict, Invalid, NotAllowed, NotFound
from marketplace.lifecycle import move
from marketplace.permissions.needs import Need
from marketplace.permissions.queries import allowed
from tests import cast as people
from tests.factories import a_file, a_model, a_submitted_version, a_use_case, a_version, an_approved_version

SOON = timedelta(days=10)


@pytest.fixture
def fields(cast):
    """A model of finance-ml."""
    return a_model(cast.finance_ml, cast.nina, "fields")


def refused(constraint):
    """The database itself refuses, by this constraint."""
    return pytest.raises(IntegrityError, match=constraint)


# names and clashes


@pytest.mark.parametrize(
    "name", ["", ".", "..", "-a", "_a", ".a", "a b", "a/b", "a\\b", "a\0b", "a\nb", "ä", "x" * 97, "a@b", "a\u202eb", " a", "a "]
)
def test_a_bad_name_is_no_model_version_or_alias(cast, fields, name):
    version = a_version(fields, cast.nina)
    for attempt in (
        lambda: register_model(cast.finance_ml, name, by=cast.nina),
        lambda: add_version(fields, name, by=cast.nina),
        lambda: set_alias(fields, name, version, by=cast.nina),
    ):
        with pytest.raises(Invalid):
            attempt()


@pytest.mark.parametrize("name", ["a", "A.b_c-9", "x" * 96, "0", "3.2.0-rc.1"])
def test_a_good_name_is_kept_as_typed(cast, fields, name):
    assert register_model(cast.finance_ml, name, by=cast.nina).name == name
    assert add_version(fields, name, by=cast.nina).version == name


def test_names_clash_whatever_the_case_but_only_in_their_place(cast, fields):
    a_version(fields, cast.nina, "RC1")
    with pytest.raises(Conflict, match="already has a model"):
        register_model(cast.finance_ml, "FIELDS", by=cast.nina)
    with pytest.raises(Conflict, match="already has a version"):
        add_version(fields, "rc1", by=cast.nina)
    other = register_model(cast.legal_tech, "Fields", by=cast.jonas)
    assert add_version(other, "rc1", by=cast.jonas).version == "rc1"
    with refused("one_model_per_name_in_team"), transaction.atomic():
        RegisteredModel.objects.create(team=cast.finance_ml, name="Fields")


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"summary": "x" * 281}, "summary"), ({"tags": ["x"] * 31}, "tags"), ({"tags": "x"}, "tags"), ({"tags": [""]}, "tags"),
        ({"parameters": -1}, "parameters"), ({"parameters": 2**63}, "parameters"), ({"visibility": "all"}, "visibility"),
        ({"state": "active"}, "state"), ({"tier": "T4"}, "tier"), ({"kind": "x"}, "kind"), ({"origin": "x"}, "origin"), ({"accountable": None}, "accountable"),
    ],
)  # fmt: skip
def test_wrong_facts_are_named(cast, facts, field):
    with pytest.raises(Invalid) as told:
        register_model(cast.finance_ml, "x", by=cast.nina, **facts)
    assert field in told.value.fields
    assert not RegisteredModel.objects.filter(name="x").exists()


def test_a_service_account_answers_for_nothing(cast, fields):
    with pytest.raises(Invalid):
        change_model(fields, by=cast.paul, accountable=cast.ci_claims)


def test_a_change_that_changes_nothing_is_not_remembered(cast, fields):
    before = Event.objects.count()
    change_model(fields, by=cast.nina, summary=fields.summary)
    assert Event.objects.count() == before
    change_model(fields, by=cast.nina, framework="onnx")
    assert Event.objects.count() == before + 1


# the life of a version


@pytest.mark.parametrize(("here", "to"), list(itertools.product(VersionState.values, VersionState.values)))
def test_every_pair_of_states_is_a_move_or_a_conflict(cast, fields, here, to):
    version = a_submitted_version(fields, cast.nina)
    ModelVersion.objects.filter(pk=version.pk).update(state=here)
    version.state = here
    if to in MOVES.get(here, ()):
        move(version, to, allowed=MOVES)
        version.refresh_from_db()
        assert version.state == to
    else:
        with pytest.raises(Conflict):
            move(version, to, allowed=MOVES)
        version.refresh_from_db()
        assert version.state == here


def test_the_table_of_moves_is_whole():
    known = set(VersionState.values)
    assert set(MOVES) | set(FINAL) == known
    assert set().union(*MOVES.values()) <= known
    assert not set(MOVES) & set(FINAL)
    assert {VersionState.PURGED} == FINAL & NEVER_SERVED


def test_the_database_knows_no_other_state(cast, fields):
    draft, submitted = a_version(fields, cast.nina), a_submitted_version(fields, cast.nina, "2.0.0")
    with refused("version_state_is_known"), transaction.atomic():
        ModelVersion.objects.filter(pk=submitted.pk).update(state="almost")
    with refused("submitted_versions_have_a_digest"), transaction.atomic():
        ModelVersion.objects.filter(pk=draft.pk).update(state="approved")


def test_of_two_moves_at_once_one_wins_and_the_other_is_told(transactional_db):
    cast = people.load()
    version = a_submitted_version(a_model(cast.finance_ml, cast.nina, "fields"), cast.nina)
    ready, outcomes = threading.Barrier(2, timeout=30), []

    def go(to, verb):
        try:
            mine = ModelVersion.objects.select_related("model__team").get(pk=version.pk)
            with transaction.atomic():
                ready.wait()
                move_version(mine, to, verb=verb, by=None)
            outcomes.append(to)
        except Conflict as lost:
            outcomes.append(lost.sentence)
        finally:
            connection.close()

    steps = [(VersionState.IN_REVIEW, "version.review_opened"), (VersionState.QUARANTINED, "version.quarantined")]
    threads = [threading.Thread(target=go, args=step) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    version.refresh_from_db()
    assert version.state in outcomes
    assert len(outcomes) == 2
    assert sum("somebody was faster" in outcome for outcome in outcomes) == 1
    assert Event.objects.filter(verb__in=[verb for _, verb in steps]).count() == 1


def test_a_lost_change_says_so_instead_of_doing_nothing(cast, fields):
    version = a_version(fields, cast.nina)
    ModelVersion.objects.filter(pk=version.pk).update(state="withdrawn")
    with pytest.raises(Conflict, match="somebody was faster"):
        change_version(version, by=cast.nina, changelog="late")


def test_a_withdrawn_version_is_over_and_its_name_stays_taken(cast, fields):
    version = withdraw_version(a_version(fields, cast.nina), by=cast.nina)
    assert version.state == VersionState.WITHDRAWN
    with pytest.raises(Conflict):
        withdraw_version(version, by=cast.nina)
    with pytest.raises(Conflict):
        change_version(version, by=cast.nina, changelog="x")
    with pytest.raises(Conflict):
        add_version(fields, "1.0.0", by=cast.nina)


# frozen from the first submit


@pytest.mark.parametrize("state", VersionState.values)
def test_files_and_digest_of_a_submitted_version_never_change(cast, fields, state):
    version = a_submitted_version(fields, cast.nina)
    ModelVersion.objects.filter(pk=version.pk).update(state=state)
    other = Blob.objects.create(sha256="ab" * 32, size=1)
    file = version.files.get()
    for write in (
        lambda: ModelFile.objects.create(version=version, path="more.bin", blob=other),
        lambda: ModelFile.objects.filter(pk=file.pk).update(blob=other),
        lambda: ModelFile.objects.filter(pk=file.pk).update(path="other.bin"),
        lambda: file.__class__.objects.filter(pk=file.pk).delete(),
    ):
        with refused("files of a submitted version never change"), transaction.atomic():
            write()
    for change in ({"manifest_digest": "cd" * 32}, {"version": "9"}, {"descriptor": {"provider": "x"}}, {"manifest_digest": ""}):
        with refused("never changes|submitted_versions_have_a_digest"), transaction.atomic():
            ModelVersion.objects.filter(pk=version.pk).update(**change)
    # What was found in a file later is no part of what was submitted.
    assert ModelFile.objects.filter(pk=file.pk).update(format="safetensors", facts={"n": 1}) == 1


def test_a_second_submit_with_other_files_is_refused(cast, fields):
    version = a_submitted_version(fields, cast.nina)
    with transaction.atomic():
        move_version(version, VersionState.VALIDATION_FAILED, verb="version.checks_failed", by=None)
    again = {"by": cast.nina, "size": 1, "card_revision": 1, "tier": "T3", "because": [], "policy": "starter@1"}
    with pytest.raises(Conflict, match="not those it was first submitted with"), transaction.atomic():
        freeze_version(version, manifest_digest="00" * 32, **again)
    with transaction.atomic():
        assert freeze_version(version, manifest_digest=version.manifest_digest, **again).state == VersionState.VALIDATING


def test_files_can_come_and_go_in_a_draft(cast, fields):
    file = a_file(a_version(fields, cast.nina), by=cast.nina)
    file.delete()


# aliases


def test_a_protected_alias_takes_an_owner_who_did_not_make_the_version(cast, fields):
    draft = a_version(fields, cast.nina, "2.0.0")
    approved = an_approved_version(fields, cast.nina)
    mine = an_approved_version(fields, cast.paul, "3.0.0")
    for name in ("production", "Champion", "PRODUCTION"):
        with pytest.raises(NotAllowed):
            set_alias(fields, name, approved, by=cast.nina)
        with pytest.raises(Conflict, match="no approval for production"):
            set_alias(fields, name, draft, by=cast.paul)
        with pytest.raises(Conflict, match="does not move it"):
            set_alias(fields, name, mine, by=cast.paul)
    assert set_alias(fields, "production", approved, by=cast.paul).version == approved
    assert set_alias(fields, "PRODUCTION", mine, by=cast.petra).name == "production"
    assert Alias.objects.filter(model=fields).count() == 1
    with pytest.raises(NotAllowed):
        remove_alias(Alias.objects.get(), by=cast.nina)
    told = Event.objects.filter(verb="alias.set").order_by("-pk").first()
    assert '"after":"3.0.0"' in told.body
    assert '"before":"1.0.0"' in told.body


def test_an_alias_stays_within_its_model(cast, fields):
    other = a_version(a_model(cast.finance_ml, cast.nina, "other"), cast.nina)
    with pytest.raises(Invalid, match="another model"):
        set_alias(fields, "latest", other, by=cast.nina)


def test_a_production_alias_needs_an_approval_for_production(cast, fields):
    version = an_approved_version(fields, cast.nina)
    version.approvals.update(environment="test")
    with pytest.raises(Conflict, match="no approval for production"):
        set_alias(fields, "production", version, by=cast.paul)


# grants


def projected(model):
    """Who guardian says may view or download."""
    people = get_users_with_perms(model, with_group_users=False)
    return {user.username for user in people}, {group.name for group in get_groups_with_perms(model)}


def truth(model):
    """Who our rows say holds a grant in force."""
    rows = AccessGrant.objects.filter(thing=model, ended_at=None, until__gt=timezone.now()).select_related("user", "team__group")
    return {g.user.username for g in rows if g.user}, {g.team.group.name for g in rows if g.team}


def test_guardians_rows_follow_the_grants_and_agree_with_our_predicate(cast, fields):
    use = a_use_case(cast.finance_ml, cast.paul)
    other = a_use_case(cast.finance_ml, cast.paul)
    until = timezone.now() + SOON
    first = give_grant(fields, user=cast.bea, use_case=use, until=until, by=cast.paul)
    second = give_grant(fields, user=cast.bea, use_case=other, until=until, by=cast.paul)
    third = give_grant(fields, team=cast.claims_api, use_case=use, until=until, by=cast.paul)
    everybody = [getattr(cast, name) for name in ("bea", "ivo", "stan", "nina", "paul", "root", "gus", "ci_claims")]

    def agrees():
        assert projected(fields) == truth(fields)
        people_, groups = projected(fields)
        for person in everybody:
            by_guardian = person.username in people_ or any(g.name in groups for g in person.groups.all())
            assert allowed(person, Need.DOWNLOAD, fields) == by_guardian, person

    agrees()
    assert projected(fields) == ({"bea"}, {"team:claims-api"})
    for grant in (first, third, second):
        end_grant(grant, by=cast.paul)
        agrees()
    assert projected(fields) == (set(), set())
    with pytest.raises(Conflict):
        end_grant(first, by=cast.paul)


def test_a_grant_past_its_end_is_refused_before_anything_sweeps_it(cast, fields):
    version = an_approved_version(fields, cast.nina)
    grant = give_grant(fields, team=cast.claims_api, use_case=version.use_case, until=timezone.now() + SOON, by=cast.paul)
    assert approval_for_use(cast.ivo, version) is not None
    AccessGrant.objects.filter(pk=grant.pk).update(until=timezone.now() - timedelta(seconds=1))
    assert "team:claims-api" in projected(fields)[1]
    assert approval_for_use(cast.ivo, version) is None
    assert not allowed(cast.ivo, Need.DOWNLOAD, fields)
    assert not models_for(cast.ivo, Need.DOWNLOAD).filter(pk=fields.pk).exists()
    assert not cast.ivo.has_perm("catalog.download_registeredmodel", fields)
    assert standing_on(fields, cast.ivo).key == "needs_access"
    assert work.end_grants() == 1
    assert "team:claims-api" not in projected(fields)[1]
    assert work.end_grants() == 0
    assert Event.objects.filter(verb="grant.ended").count() == 1


def test_a_grant_opens_a_hidden_model_and_its_end_closes_it(cast):
    hidden = a_model(cast.secret_lab, cast.sam, "falcon-x", visibility="team")
    grant = give_grant(hidden, user=cast.bea, use_case=a_use_case(cast.secret_lab, cast.sam), until=timezone.now() + SOON, by=cast.sam)
    assert allowed(cast.bea, Need.VIEW, hidden)
    end_grant(grant, by=cast.bea)
    assert not allowed(cast.bea, Need.VIEW, hidden)


def test_a_grant_for_the_same_use_is_prolonged_and_an_ended_one_is_replaced(cast, fields):
    use = a_use_case(cast.finance_ml, cast.paul)
    now = timezone.now()
    first = give_grant(fields, user=cast.bea, use_case=use, until=now + SOON, by=cast.paul)
    longer = give_grant(fields, user=cast.bea, use_case=use, until=now + 2 * SOON, by=cast.paul)
    shorter = give_grant(fields, user=cast.bea, use_case=use, until=now + timedelta(days=1), by=cast.paul)
    assert first.pk == longer.pk == shorter.pk
    assert AccessGrant.objects.get(pk=first.pk).until == now + 2 * SOON
    other = give_grant(fields, user=cast.ivo, use_case=use, until=now + SOON, by=cast.paul)
    AccessGrant.objects.filter(pk__in=[first.pk, other.pk]).update(until=now - timedelta(seconds=1))
    again = give_grant(fields, user=cast.bea, use_case=use, until=now + SOON, by=cast.paul)
    assert again.pk != first.pk
    # The ended grant of somebody else is left to the sweep, which takes guardian's rows away and remembers it.
    assert AccessGrant.objects.get(pk=other.pk).ended_at is None
    assert work.end_grants() == 1
    assert projected(fields) == ({"bea"}, set())


@pytest.mark.parametrize("who", ["nina", "bea", "ivo", "gus", "root", "ada"])
def test_only_owners_give_grants(cast, fields, who):
    with pytest.raises(NotAllowed):
        give_grant(fields, user=cast.bea, use_case=a_use_case(cast.finance_ml, cast.paul), until=timezone.now() + SOON, by=getattr(cast, who))
    assert not AccessGrant.objects.exists()


def test_a_grant_is_for_one_subject_and_ends_in_the_future(cast, fields):
    use = a_use_case(cast.finance_ml, cast.paul)
    for subject in ({}, {"user": cast.bea, "team": cast.sales}):
        with pytest.raises(Invalid):
            give_grant(fields, use_case=use, until=timezone.now() + SOON, by=cast.paul, **subject)
    with pytest.raises(Invalid):
        give_grant(fields, user=cast.bea, use_case=use, until=timezone.now(), by=cast.paul)
    with refused("grant_has_one_subject"), transaction.atomic():
        AccessGrant.objects.create(thing=fields, use_case=use, until=timezone.now() + SOON)


# bringing in


def test_only_what_is_listed_and_seen_can_be_asked_for(cast, fields):
    with pytest.raises(Conflict):
        bring_in(fields, by=cast.bea, reason="x")
    hidden = a_model(cast.secret_lab, cast.sam, "falcon-x", visibility="team")
    with pytest.raises(NotFound):
        bring_in(hidden, by=cast.bea, reason="x")


def test_a_version_brings_a_listed_model_in(cast, fields):
    RegisteredModel.objects.filter(pk=fields.pk).update(state="listed")
    fields.refresh_from_db()
    add_version(fields, "1", by=cast.nina)
    fields.refresh_from_db()
    assert fields.state == "draft"


def test_a_blocked_model_takes_no_version(cast, fields):
    fields.state = "blocked"
    with pytest.raises(Conflict, match="blocked"):
        add_version(fields, "1", by=cast.nina)
