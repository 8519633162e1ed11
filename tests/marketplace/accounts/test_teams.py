"""Teams: who may change them, and what can never happen."""

import pytest

from marketplace.accounts.actions import add_member, create_team, give_role, remove_member, take_role
from marketplace.accounts.models import Membership, User
from marketplace.accounts.queries import all_teams, members_of, teams_of
from marketplace.activity.queries import events_about
from marketplace.errors import Conflict, Invalid, NotAllowed
from marketplace.permissions.queries import has_role, roles_of, tracks_of


def test_an_owner_adds_a_member_and_it_is_remembered(cast):
    add_member(cast.finance_ml, cast.stan, role="viewer", by=cast.paul)
    assert roles_of(cast.stan) == {cast.finance_ml.pk: "viewer"}
    assert events_about(cast.finance_ml).filter(verb="team.member_added").exists()
    assert cast.stan.groups.filter(name="team:finance-ml").exists()


@pytest.mark.parametrize("who", ["nina", "bea", "stan", "gus", "aud", "tess"])
def test_nobody_else_changes_a_team(cast, who):
    with pytest.raises(NotAllowed):
        add_member(cast.finance_ml, cast.stan, role="owner", by=getattr(cast, who))


def test_the_last_owner_stays(cast):
    with pytest.raises(Conflict, match="last owner"):
        remove_member(cast.claims_api, cast.ivo, by=cast.root)


def test_the_last_owner_cannot_step_down_either(cast):
    with pytest.raises(Conflict, match="last owner"):
        add_member(cast.claims_api, cast.ivo, role="viewer", by=cast.ivo)


def test_leaving_a_team_ends_the_rights_with_it(cast):
    remove_member(cast.finance_ml, cast.nina, by=cast.paul)
    assert not roles_of(cast.nina)
    assert not Membership.objects.filter(user=cast.nina).exists()


@pytest.mark.parametrize("name", ["", "a b", "-x", "x" * 97, "ü", "a/b", "..", "x\n"])
def test_bad_names_are_refused_by_field(cast, name):
    with pytest.raises(Invalid) as told:
        create_team(name, by=cast.root)
    assert "name" in told.value.fields


def test_a_name_is_taken_whatever_its_case(cast):
    with pytest.raises(Conflict):
        create_team("Finance-ML", by=cast.root)


def test_reviewers_have_a_track_and_only_they(cast):
    give_role(cast.stan, "reviewer", track="technical", by=cast.root)
    assert tracks_of(cast.stan) == {"technical"}
    take_role(cast.stan, "reviewer", track="technical", by=cast.root)
    assert not tracks_of(cast.stan)
    for role, track in (("reviewer", ""), ("auditor", "technical")):
        with pytest.raises(Invalid):
            give_role(cast.stan, role, track=track, by=cast.root)


def test_being_superuser_gives_no_role(cast):
    cast.stan.is_superuser = True
    assert not has_role(cast.stan, "administrator")
    with pytest.raises(NotAllowed):
        create_team("mine", by=cast.stan)


def test_the_page_of_a_team_names_its_people(cast, signed_in):
    html = signed_in(cast.bea).get("/teams/finance-ml").content.decode()
    assert "Paul" in html
    assert "Save member" not in html
    assert "Save member" in signed_in(cast.paul).get("/teams/finance-ml").content.decode()


def test_the_page_takes_another_case_to_the_stored_name(cast, signed_in):
    assert signed_in(cast.bea).get("/teams/FINANCE-ml")["Location"] == "/teams/finance-ml"


def test_an_owner_manages_members_on_the_page(cast, signed_in):
    client = signed_in(cast.paul)
    assert client.post("/teams/finance-ml/members", {"username": "stan", "role": "viewer"}).status_code == 303
    assert client.post("/teams/finance-ml/members", {"username": "stan", "role": ""}).status_code == 303
    assert client.post("/teams/finance-ml/members", {"username": "nobody-here", "role": "viewer"}).status_code == 422
    assert signed_in(cast.bea).post("/teams/finance-ml/members", {"username": "stan", "role": "viewer"}).status_code == 403


def test_my_teams_are_counted_with_all_their_active_people(cast, signed_in):
    User.objects.filter(pk=cast.petra.pk).update(is_active=False)
    assert [(team.name, team.size) for team in teams_of(cast.nina)] == [("finance-ml", 2)]
    assert {team.name: team.size for team in all_teams()}["finance-ml"] == 2 == len(members_of(cast.finance_ml))
    assert "2 members" in signed_in(cast.nina).get("/teams").text.split('id="mine"')[1].split('id="all"')[0]


@pytest.mark.parametrize("role", ["", "viewer"])
def test_a_name_no_database_takes_is_refused_by_field(cast, signed_in, role):
    answer = signed_in(cast.paul).post("/teams/finance-ml/members", {"username": "sta\x00n", "role": role})
    assert answer.status_code == 422
    assert "User name: Null characters are not allowed." in answer.text


def test_who_is_not_in_the_team_cannot_be_taken_out(cast, signed_in):
    answer = signed_in(cast.paul).post("/teams/finance-ml/members", {"username": "stan", "role": ""})
    assert (answer.status_code, "Stan is not in team finance-ml." in answer.text) == (422, True)


def test_rest_lists_and_manages_teams(cast, client, token_of):
    admin = token_of(cast.root, "read", "admin")
    made = client.post("/api/v1/teams", {"name": "new-team", "owner": "bea"}, content_type="application/json", headers=admin)
    assert made.status_code == 201
    assert client.get("/api/v1/teams/new-team", headers=admin).json()["people"] == [{"username": "bea", "name": "Bea", "role": "owner"}]
    added = client.post("/api/v1/teams/new-team/members", {"username": "ivo", "role": "viewer"}, content_type="application/json", headers=admin)
    assert added.status_code == 201
    assert client.delete("/api/v1/teams/new-team/members/ivo", headers=admin).status_code == 204
    page = client.get("/api/v1/teams?limit=2", headers=admin).json()
    assert len(page["results"]) == 2
    assert client.get(f"/api/v1/teams?limit=2&cursor={page['next']}", headers=admin).json()["results"][0] not in page["results"]


def test_a_service_account_never_owns_a_team(cast):
    with pytest.raises(Invalid) as wrong:
        add_member(cast.claims_api, cast.ci_claims, role="owner", by=cast.ivo)
    assert wrong.value.fields.keys() == {"role"}
    add_member(cast.claims_api, cast.ci_claims, role="contributor", by=cast.ivo)


def test_a_service_account_that_is_written_down_as_owner_does_not_count_as_the_last_one(cast):
    cast.claims_api.memberships.filter(user=cast.ci_claims).update(role="owner")
    with pytest.raises(Conflict, match="last owner"):
        remove_member(cast.claims_api, cast.ivo, by=cast.ivo)
