"""Joining and leaving: who gives roles, what somebody leaves and to whom, and teams that lose their last owner."""

from datetime import timedelta

import pytest
from django.utils import timezone
from guardian.shortcuts import get_users_with_perms

from catalog.registry.actions import give_grant
from catalog.registry.models import AccessGrant, RegisteredModel, UseCase
from marketplace.accounts.actions import (
    activate_person,
    add_member,
    deactivate_person,
    give_role,
    hand_over,
    issue_token,
    remove_member,
    take_role,
)  # fmt: skip
from marketplace.accounts.keys.queries import token_caller
from marketplace.accounts.leaving import duties_of
from marketplace.accounts.models import User
from marketplace.activity.models import Event
from marketplace.activity.queries import details_of
from marketplace.errors import Conflict, Invalid, NotAllowed
from marketplace.notifications.models import Notice
from marketplace.notifications.teams import tell_of_teams_without_owner
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf(cast):
    """What nina leaves: a model she answers for, a use case, a draft, an upload and a grant of her own."""
    model = make.a_model(cast.finance_ml, cast.nina, "forecast")
    version = make.an_approved_version(model, cast.nina)
    make.a_version(model, cast.nina, "2.0.0")
    give_grant(model, by=cast.paul, user=cast.nina, use_case=version.use_case, until=timezone.now() + timedelta(days=9))
    return model


def kinds(person, viewer, team=None):
    """What somebody would leave: kind -> how many."""
    return {part.kind.name: part.count for part in duties_of(person, viewer=viewer, team=team)}


@pytest.mark.parametrize("name", ["nina", "bea", "stan", "gus", "aud", "ada"])
def test_nobody_but_owners_and_administrators_gives_roles(cast, name):
    for role in ("viewer", "contributor", "owner"):
        with pytest.raises(NotAllowed):
            add_member(cast.finance_ml, cast.people[name], role=role, by=cast.people[name])


def test_an_administrator_manages_teams_without_being_in_them(cast, signed_in):
    make.a_model(cast.secret_lab, cast.sam, "falcon", visibility="team")
    add_member(cast.secret_lab, cast.stan, role="viewer", by=cast.root)
    assert signed_in(cast.root).get("/m/secret-lab/falcon").status_code == 404


def test_everything_open_is_listed_with_its_link_and_what_becomes_of_it(cast, shelf, signed_in):
    issue_token(cast.nina, by=cast.nina, name="nightly", scopes=["read"])
    assert kinds(cast.nina, cast.root) == {"accountable": 1, "use-cases": 1, "drafts": 1, "tokens": 1, "grants": 1}
    html = signed_in(cast.root).get("/admin/people/nina").content.decode()
    for link in ("/m/finance-ml/forecast", "/m/finance-ml/forecast/v/2.0.0", "/teams/finance-ml"):
        assert f'href="{link}"' in html
    for words in ("nightly", "They end with the deactivation", "Contributor", "by hand", "the operator"):
        assert words in html, words


def test_a_reviewer_leaves_the_reviews_of_their_tracks(cast, signed_in):
    from tests import world as worlds

    worlds.build(cast)
    assert kinds(cast.tess, cast.gus)["reviews"] == 2
    seen = next(part for part in duties_of(cast.tess, viewer=cast.root) if part.kind.name == "reviews")
    assert (seen.shown, seen.unseen) == ([], 2), "administrators read no reviews"
    assert "2 that you may not see by name." in signed_in(cast.root).get("/admin/people/tess").content.decode()


def test_handing_over_moves_models_and_use_cases_with_events(cast, shelf):
    hidden = make.a_model(cast.secret_lab, cast.sam, "falcon", visibility="team")
    RegisteredModel.objects.filter(pk=hidden.pk).update(accountable=cast.nina)
    assert hand_over(cast.nina, to=cast.petra, by=cast.root) == 2
    assert RegisteredModel.objects.get(pk=shelf.pk).accountable == cast.petra
    assert set(UseCase.objects.filter(team=cast.finance_ml).values_list("owner__username", flat=True)) == {"petra"}
    assert RegisteredModel.objects.get(pk=hidden.pk).accountable == cast.nina, "petra does not see it"
    changed = details_of(Event.objects.filter(verb="model.changed", subject_id=shelf.pk).latest("pk"))
    assert (changed["actor"], changed["details"]["after"]["accountable"]) == (str(cast.root.person), str(cast.petra.person))
    assert Event.objects.filter(verb="use_case.handed_over").count() == 1


@pytest.mark.parametrize("to", ["nina", "ci_claims"])
def test_only_another_active_person_takes_over(cast, shelf, to):
    with pytest.raises(Invalid):
        hand_over(cast.nina, to=getattr(cast, to), by=cast.root)
    deactivate_person(cast.petra, by=cast.root)
    with pytest.raises(Invalid):
        hand_over(cast.nina, to=cast.petra, by=cast.root)


def test_an_owner_hands_over_within_the_team_only(cast, shelf, signed_in):
    other = make.a_model(cast.legal_tech, cast.jonas, "clauses")
    RegisteredModel.objects.filter(pk=other.pk).update(accountable=cast.nina)
    client = signed_in(cast.paul)
    html = client.get("/teams/finance-ml/members/nina").content.decode()
    assert "/m/finance-ml/forecast" in html
    assert "legal-tech/clauses" not in html
    assert client.post("/teams/finance-ml/members/nina/hand-over", {"to": "petra"}).status_code == 303
    assert RegisteredModel.objects.get(pk=shelf.pk).accountable == cast.petra
    assert RegisteredModel.objects.get(pk=other.pk).accountable == cast.nina
    for wrong in ("nobody", "nina", ""):
        assert client.post("/teams/finance-ml/members/nina/hand-over", {"to": wrong}).status_code == 422
    with pytest.raises(NotAllowed):
        hand_over(cast.nina, to=cast.petra, by=cast.paul)
    with pytest.raises(NotAllowed):
        hand_over(cast.nina, to=cast.jonas, by=cast.lars, team=cast.finance_ml)


def test_whoever_is_deactivated_stops_at_once_and_for_good(cast, shelf, signed_in):
    _, secret = issue_token(cast.nina, by=cast.nina, name="nightly", scopes=["read"])
    client = signed_in(cast.nina)
    assert client.get("/models").status_code == 200
    deactivate_person(cast.nina, by=cast.root)
    assert client.get("/models").status_code == 302
    assert token_caller(secret) is None
    assert not AccessGrant.objects.filter(user=cast.nina, ended_at=None).exists()
    assert cast.nina not in get_users_with_perms(shelf, with_group_users=False)
    activate_person(User.objects.get(pk=cast.nina.pk), by=cast.root)
    assert token_caller(secret) is None, "a token that ended stays ended"
    verbs = list(Event.objects.filter(subject_id=str(cast.nina.person)).order_by("pk").values_list("verb", flat=True))
    assert verbs[-2:] == ["person.deactivated", "person.activated"]


def test_only_administrators_deactivate_and_never_themselves_or_the_last(cast):
    for name in ("paul", "gus", "nina", "aud"):
        with pytest.raises(NotAllowed):
            deactivate_person(cast.stan, by=cast.people[name])
    with pytest.raises(Conflict, match="yourself"):
        deactivate_person(cast.root, by=cast.root)
    give_role(cast.zoe, "administrator", by=cast.root)
    deactivate_person(cast.root, by=cast.zoe)
    with pytest.raises(Conflict, match="last administrator"):
        take_role(cast.zoe, "administrator", by=cast.zoe)


def test_a_team_that_lost_its_last_owner_says_so_and_somebody_is_told(cast, signed_in):
    deactivate_person(cast.sonja, by=cast.root)
    event = Event.objects.filter(verb="person.deactivated").latest("pk")
    assert tell_of_teams_without_owner(event) == 2
    told = Notice.objects.filter(about=f"team-without-owner:{cast.sales.pk}")
    assert set(told.values_list("user__username", flat=True)) == {"gus", "root"}
    assert "No owner." in signed_in(cast.bea).get("/teams/sales").content.decode()
    assert "No active owner" in signed_in(cast.root).get("/admin/teams").content.decode()
    deactivate_person(cast.petra, by=cast.root)
    assert tell_of_teams_without_owner(Event.objects.filter(verb="person.deactivated").latest("pk")) == 0, "paul is left"


def test_an_owner_who_left_does_not_count_as_one(cast):
    deactivate_person(cast.petra, by=cast.root)
    with pytest.raises(Conflict, match="last owner"):
        remove_member(cast.finance_ml, cast.paul, by=cast.paul)
    remove_member(cast.finance_ml, cast.petra, by=cast.paul)


def test_removing_the_last_owner_is_refused_with_what_to_do(cast, signed_in):
    answer = signed_in(cast.sonja).post("/teams/sales/members", {"username": "sonja", "role": ""})
    assert answer.status_code == 409
    assert "Make somebody else an owner first" in answer.content.decode()


def test_a_grant_of_ones_own_for_a_teams_use_case_ends_when_one_leaves_the_team(cast, shelf):
    other = make.a_use_case(cast.sales, cast.sonja)
    add_member(cast.sales, cast.nina, role="contributor", by=cast.sonja)
    give_grant(RegisteredModel.objects.get(name="forecast"), by=cast.paul, user=cast.nina, use_case=other, until=timezone.now() + timedelta(days=9))
    assert [found.kind.name for found in duties_of(cast.nina, viewer=cast.sonja, team=cast.sales)] == ["grants"]
    remove_member(cast.sales, cast.nina, by=cast.sonja)
    assert not AccessGrant.objects.filter(user=cast.nina, use_case=other, ended_at=None).exists()
    assert AccessGrant.objects.filter(user=cast.nina, ended_at=None).exists(), "what is for another team's use stays"
