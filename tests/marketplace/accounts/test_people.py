"""Administrators see who has what and why, add people, give roles and place teams; nobody else does."""

import pytest
from django.test import Client

from marketplace.accounts.actions import create_team, deactivate_person, place_team
from marketplace.accounts.models import OrganizationRole, Team, User

pytestmark = pytest.mark.django_db
PAGES = ("/admin/people", "/admin/people/nina", "/admin/teams", "/admin/teams/sales", "/admin/roles")


@pytest.mark.parametrize("page", PAGES)
def test_others_are_refused_with_a_sentence(cast, signed_in, page):
    for name in ("bea", "paul", "gus", "aud", "stan"):
        answer = signed_in(cast.people[name]).get(page)
        assert answer.status_code == 403
        assert "Only an administrator may" in answer.content.decode()
    assert "/admin/people" not in signed_in(cast.bea).get("/teams").content.decode()
    assert 'href="/admin/people"' in signed_in(cast.root).get("/teams").content.decode()


def test_people_are_found_by_a_part_of_their_name(cast, signed_in):
    client = signed_in(cast.root)
    html = client.get("/admin/people?q=NIN").content.decode()
    assert 'href="/admin/people/nina"' in html
    assert 'href="/admin/people/paul"' not in html
    assert "Nobody fits" in client.get("/admin/people?q=zzqq").content.decode()
    assert client.get("/admin/people?q=%00").status_code in {200, 400}


def test_the_list_goes_on_after_the_last_name(cast, signed_in):
    client, seen, address = signed_in(cast.root), [], "/api/v1/people?limit=7"
    for _ in range(20):
        page = client.get(address).json()
        seen += [person["username"] for person in page["results"]]
        if page["next"] is None:
            break
        address = f"/api/v1/people?limit=7&cursor={page['next']}"
    assert seen == sorted(User.objects.values_list("username", flat=True), key=str.lower)
    assert client.get("/api/v1/people?cursor=rubbish").status_code == 422
    assert client.get("/api/v1/people?state=dead").status_code == 422


def test_those_who_left_are_found_apart(cast, signed_in):
    deactivate_person(cast.stan, by=cast.root)
    client = signed_in(cast.root)
    assert [p["username"] for p in client.get("/api/v1/people?state=left").json()["results"]] == ["stan"]
    assert "stan" not in [p["username"] for p in client.get("/api/v1/people?state=active&q=stan").json()["results"]]
    assert "Activate stan" in client.get("/admin/people/stan").content.decode()


def test_the_page_of_a_person_says_in_how_many_browsers_they_are_signed_in(cast, signed_in):
    client = signed_in(cast.root)
    assert "Signed in now: nowhere" in client.get("/admin/people/nina").text
    other = Client()
    other.force_login(cast.nina, backend="marketplace.accounts.backends.PasswordBackend")
    other.get("/")
    assert "Signed in now: 1 browser<" in client.get("/admin/people/nina").text


def test_adding_somebody_and_giving_a_role_on_the_pages(cast, signed_in):
    client = signed_in(cast.root)
    assert client.post("/admin/people", {"username": "olga", "name": "Olga", "kind": "person"})["Location"] == "/admin/people/olga"
    for wrong in ({"username": "OLGA", "kind": "person"}, {"username": "a b", "kind": "person"}, {"username": "x", "kind": "robot"}, {}):
        assert client.post("/admin/people", wrong).status_code in {409, 422}
    roles = "/admin/people/olga/roles"
    assert client.post(roles, {"role": "reviewer", "track": "legal"}).status_code == 303
    html = client.get("/admin/people/olga").content.decode()
    assert "Reviewer of a track: legal" in html
    assert "by hand, by Root" in html
    assert 'href="/admin/people/olga"' in client.get("/admin/roles").content.decode()
    for wrong in ({"role": "reviewer"}, {"role": "auditor", "track": "legal"}, {"role": "king"}, {"role": "reviewer", "track": "x" * 41}):
        assert client.post(roles, wrong).status_code == 422, wrong
    assert client.post(roles, {"role": "reviewer", "track": "legal", "take": "true"}).status_code == 303
    assert not OrganizationRole.objects.filter(user__username="olga").exists()


def test_the_last_administrator_is_kept_on_the_page_too(cast, signed_in):
    client = signed_in(cast.root)
    assert "You cannot deactivate yourself" in client.get("/admin/people/root").content.decode()
    assert client.post("/admin/people/root/active", {"is_active": "false"}).status_code == 303
    assert User.objects.get(username="root").is_active
    assert client.post("/admin/people/root/roles", {"role": "administrator", "take": "true"}).status_code == 409


def test_roles_that_nobody_holds_are_named(cast, signed_in):
    deactivate_person(cast.lea, by=cast.root)
    html = signed_in(cast.root).get("/admin/roles").content.decode()
    line = html[html.index(">legal<") :]
    assert "Nobody" in line[: line.index("</tr>")]


def test_teams_are_created_and_placed_under_a_unit(cast, signed_in):
    client = signed_in(cast.root)
    assert client.post("/admin/teams", {"name": "Insurance", "purpose": "All about claims."}).status_code == 303
    assert client.post("/admin/teams/claims-api", {"parent": "insurance", "purpose": "Claims.", "quota": "12.5"}).status_code == 303
    team = Team.objects.get(name="claims-api")
    assert (team.parent.name, team.purpose, team.quota_bytes) == ("Insurance", "Claims.", 12_500_000_000)
    html = client.get("/teams/claims-api").content.decode()
    assert 'Unit <a href="/teams/Insurance">' in html
    assert 'Teams below it: <a href="/teams/claims-api">' in client.get("/teams/Insurance").content.decode()
    below = {"parent": "claims-api", "quota": "1"}
    assert client.post("/admin/teams/sales", below).status_code == 409
    for wrong in ({"parent": "no-such", "quota": "1"}, {"quota": "-1"}, {"quota": "many"}, {"quota": "1", "purpose": "x" * 281}):
        assert client.post("/admin/teams/sales", wrong).status_code == 422, wrong
    assert client.post("/admin/teams", {"name": "legal-tech"}).status_code == 409
    assert client.post("/admin/teams", {"name": "new", "owner": "nobody"}).status_code == 422
    assert not Team.objects.filter(name="new").exists()


def test_rest_for_people_is_for_administrators_with_the_scope(cast, client, token_of):
    admin = token_of(cast.root, "read", "admin")

    def send(method, path, body=None, headers=admin):
        return getattr(client, method)(f"/api/v1/people{path}", body, content_type="application/json", headers=headers)

    assert send("post", "", {"username": "olga", "kind": "service"}).json()["kind"] == "service"
    for wrong in ({"username": "olga", "is_staff": True}, {"username": "o", "is_active": False}, {"username": "o", "kind": "root"}, {}):
        assert send("post", "", wrong).status_code == 422, wrong
    assert send("post", "/nina/roles", {"role": "auditor"}).status_code == 201
    assert client.get("/api/v1/people/nina", headers=admin).json()["roles"] == [{"role": "auditor", "track": "", "is_lead": False}]
    assert send("delete", "/nina/roles/auditor").status_code == 204
    assert send("patch", "/nina", {"is_active": False}).json()["is_active"] is False
    assert send("patch", "/nina", {"is_active": True, "username": "boss"}).status_code == 422
    assert send("patch", "/root", {"is_active": False}).status_code == 409
    assert send("post", "/nina/hand-over", {"to": "nobody"}).status_code == 422
    assert client.get("/api/v1/people", headers=token_of(cast.root, "read")).status_code == 403
    assert client.get("/api/v1/people", headers=token_of(cast.paul, "read", "admin")).status_code == 403


def test_the_page_of_a_team_shows_strangers_its_public_facts_only(cast, signed_in, client, token_of):
    unit = create_team("Group-Finance", by=None)
    place_team(cast.finance_ml, unit, by=cast.root)
    stranger = signed_in(cast.bea).get("/teams/finance-ml").content.decode()
    assert "Paul" in stranger
    assert "Group-Finance" in stranger
    assert "Nina" not in stranger
    assert "Joined and left" not in stranger
    assert [p["username"] for p in client.get("/api/v1/teams/finance-ml", headers=token_of(cast.bea, "read")).json()["people"]] == ["paul", "petra"]
    for name in ("nina", "aud", "gus", "root"):
        html = signed_in(cast.people[name]).get("/teams/finance-ml").content.decode()
        assert "Nina is contributor now" in html, name
    answer = signed_in(cast.bea).get("/teams/finance-ml/uses")
    assert answer.status_code == 403
    assert "Only members of team finance-ml" in answer.content.decode()
