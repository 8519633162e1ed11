"""The demo world: whole, true, and left alone by a second run."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalog.artifacts.manifest import manifest_digest
from catalog.artifacts.models import ModelFile
from catalog.registry.models import AccessGrant, Approval, ModelVersion, RegisteredModel
from catalog.registry.queries import approval_for_use, models_for
from catalog.registry.states import VersionState
from catalog.search.queries import search
from catalog.usage.models import DailyUse, UsageEvent
from governance.access.models import AccessPart
from governance.access.states import PartState
from governance.management.demo import people
from governance.management.demo.ideas import idea
from governance.management.demo.world import settle
from governance.reviews.models import Review, ReviewTrack, Waiver
from governance.reviews.queries import needed_waivers
from governance.reviews.states import ReviewState
from marketplace.accounts.leaving import duties_of
from marketplace.accounts.models import Team, User
from marketplace.activity.models import Event
from marketplace.activity.queries import chain_report
from marketplace.notifications.models import Notice
from tests import cast as tests_cast

pytestmark = pytest.mark.full
SIZE = 90
NOWHERE = {VersionState.PURGED}  # no action removes bytes yet


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """The demo world, loaded once and really committed; emptied afterwards."""
    with django_db_blocker.unblock():
        said = []
        settle(SIZE, say=said.append)
        yield said
        call_command("flush", interactive=False, verbosity=0)
        tests_cast.load()


@pytest.fixture
def seen(world, django_db_blocker):
    """Look at the world without changing it."""
    with django_db_blocker.unblock():
        yield


def who(name):
    return User.objects.get(username=name)


@pytest.mark.django_db  # one mark asks for the database, also when this file runs alone
def test_the_people_of_the_demo_are_those_of_the_tests():
    assert people.TEAMS == tests_cast.TEAMS
    assert people.ROLES == tests_cast.ROLES
    assert people.OTHERS == tests_cast.OTHERS
    assert set(people.everybody()) == people.NAMES.keys()
    assert people.all_teams().keys() == people.PURPOSES.keys()


def test_the_same_number_is_always_the_same_model():
    assert [idea(n).name for n in (0, 17, 319)] == [idea(n).name for n in (0, 17, 319)]
    names = [(idea(n).team, idea(n).name) for n in range(5_000)]
    assert len(set(names)) == 5_000
    assert all(idea(n).summary and len(idea(n).summary) <= 280 for n in range(0, 5_000, 50))


def test_a_second_run_changes_nothing(seen):
    before = Event.objects.count(), RegisteredModel.objects.count(), UsageEvent.objects.count(), Notice.objects.count()
    assert settle(SIZE, say=pytest.fail) == 0
    assert (Event.objects.count(), RegisteredModel.objects.count(), UsageEvent.objects.count(), Notice.objects.count()) == before


def test_it_has_the_size_that_was_asked_for(seen):
    assert RegisteredModel.objects.count() == SIZE
    assert RegisteredModel.objects.filter(state="listed").exists()


def test_versions_and_reviews_stand_everywhere_they_can(seen):
    assert set(ModelVersion.objects.values_list("state", flat=True)) == set(VersionState) - NOWHERE
    assert set(Review.objects.values_list("state", flat=True)) == set(ReviewState)


def test_the_chain_is_intact_and_no_event_is_left_untold(seen):
    report = chain_report()
    assert report.is_intact, report.why
    assert report.events == Event.objects.count()


def test_every_digest_is_that_of_the_files(seen):
    for version in ModelVersion.objects.exclude(manifest_digest="").exclude(model__kind="hosted"):
        files = ModelFile.objects.filter(version=version).select_related("blob")
        assert version.manifest_digest == manifest_digest({"path": f.path, "size": f.blob.size, "sha256": f.blob_id} for f in files)
        assert set(version.approvals.values_list("manifest_digest", flat=True)) <= {version.manifest_digest}


def test_access_was_asked_for_in_every_state(seen):
    assert set(AccessPart.objects.values_list("state", flat=True)) == set(PartState)
    assert AccessPart.objects.filter(state="waiting_owner", due_at__lt=timezone.now()).exists()
    assert AccessGrant.objects.filter(confirm_by__gt=timezone.now(), ended_at=None).exists()
    assert not AccessPart.objects.filter(request__team__name="claims-api").exists(), "ivo asks for the first time"


def test_bea_finds_an_invoice_model_that_she_may_use(seen):
    found = search(who("bea"), "invoice", {})
    assert found.total >= 2
    assert found.hits[0].path == "finance-ml/invoice-fields-v3"
    ready = search(who("bea"), "invoice", {"use": ["ready"]})
    assert ready.total >= 2
    assert {hit.standing for hit in ready.hits} == {"ready"}
    version = ModelVersion.objects.get(model__name="invoice-fields-v3", aliases__name="production")
    assert (version.version, version.tier) == ("3.2.0", "T3")
    assert approval_for_use(who("bea"), version) is not None


def test_ivo_has_something_to_use_and_something_to_ask_for(seen):
    lead = ModelVersion.objects.get(model__name="lead-score")
    assert approval_for_use(who("ivo"), lead) is not None
    invoice = ModelVersion.objects.get(model__name="invoice-fields-v3", version="3.2.0")
    assert approval_for_use(who("ivo"), invoice) is None


@pytest.mark.parametrize("name", ["bea", "ivo", "stan", "paul"])
def test_others_do_not_see_what_is_secret(seen, name):
    assert not models_for(who(name)).filter(name="falcon-x").exists()
    assert models_for(who("sam")).filter(name="falcon-x").exists()
    assert search(who(name), "falcon", {}).total == 0


def test_the_named_reviews_stand_as_the_story_says(seen):
    review = Review.objects.get(pk=218)
    assert str(review.version) == "legal-tech/contract-clause-tagger@1.0.0"
    assert review.version.submitted_by == who("jonas")
    tracks = dict(ReviewTrack.objects.filter(review=review).values_list("track", "state"))
    assert tracks == {"model_risk": "waiting", "security": "approved", "business_owner": "waiting"}
    assert len(Approval.objects.get(version__model__name="llama-3.1-8b-instruct").conditions) == 2
    rejected = ModelVersion.objects.get(model__name="cv-ranker")
    assert rejected.state == "rejected"
    assert "iscrimination risk" in rejected.state_note


def test_no_approval_outlives_a_waiver_that_it_needs(seen):
    rests = []
    for approval in Approval.objects.exclude(review=None).select_related("version"):
        needed = needed_waivers(Review.objects.select_related("run").get(pk=approval.review))
        rests += needed
        for matter in needed:
            waiver = Waiver.objects.get(version=approval.version, matter=matter)
            assert waiver.until >= approval.valid_until > timezone.now()
            assert waiver.given_by == who("gus")
    assert rests, "at least one shows what a waiver is"


def test_the_same_file_is_held_by_two_teams_and_once_in_secret(seen):
    blob = ModelFile.objects.filter(version__model__name="falcon-x", path__endswith=".gguf").values("blob")
    teams = set(ModelFile.objects.filter(blob__in=blob).values_list("version__model__team__name", flat=True))
    assert teams == {"secret-lab", "platform-ai", "claims-api"}


def test_there_is_a_year_of_use_and_all_of_it_is_sealed(seen):
    days = DailyUse.objects.order_by("day").values_list("day", flat=True)
    assert (days.last() - days.first()).days > 300
    assert not UsageEvent.objects.filter(seal=None).exists()
    assert RegisteredModel.objects.get(name="lead-score").teams_30d >= 3


def test_nobody_is_left_to_be_mailed_about_the_past(seen):
    assert not Notice.objects.filter(urgent=True, mailed_at=None).exists()


def test_it_refuses_where_passwords_matter(settings, tmp_path, monkeypatch):
    settings.LOCAL = False
    with pytest.raises(CommandError, match="--yes"):
        call_command("demo")


def test_the_command_writes_down_who_can_sign_in(seen, settings, tmp_path, monkeypatch):
    settings.LOCAL = True
    monkeypatch.setenv("MARKETPLACE_VAR", str(tmp_path))
    call_command("demo", size=SIZE)
    accounts = json.loads((tmp_path / "demo_accounts.json").read_text())
    assert {"username", "password", "what"} == accounts[0].keys()
    assert all(who(a["username"]).check_password(a["password"]) for a in accounts[:2])


def test_teams_stand_under_two_units_and_one_model_is_shown_to_a_unit(seen):
    finance, operations = Team.objects.get(name="Group-Finance"), Team.objects.get(name="Operations")
    assert {team.name for team in finance.children.all()} >= {"finance-ml", "claims-api"}
    assert operations.children.filter(name="customer-care").exists()
    assert models_for(who("nina")).filter(name="chargeback-score").exists()
    assert models_for(who("bea")).filter(name="chargeback-score").exists()
    assert not models_for(who("stan")).filter(name="chargeback-score").exists()
    assert RegisteredModel.objects.get(name="weld-seam").files_on_request


def test_one_colleague_left_and_left_things_behind(seen):
    yara = who(people.LEAVER)
    assert not yara.is_active
    left = {part.kind.name: part.count for part in duties_of(yara, viewer=who("root"))}
    assert left == {"accountable": 1, "use-cases": 1}
