"""Signing in at a real provider, a process of its own; what groups give, and what they take away again."""

import html
import re
from urllib.parse import urlencode

import pytest
import requests
from django.conf import settings as product

from marketplace.accounts.actions import activate_person, add_member, deactivate_person, erase_person, give_role, issue_token
from marketplace.accounts.identity.actions import link_identity
from marketplace.accounts.identity.mapping import WrongMapping, places_of, read
from marketplace.accounts.models import Membership, OrganizationRole, Session, Team, User
from marketplace.activity.models import Event
from marketplace.errors import Conflict, NotAllowed
from marketplace.handlers import tell_administrators
from marketplace.notifications.models import Notice
from tests.cast import PASSWORD
from tests.marketplace.accounts.directories import PASSWORD as THERE
from tests.marketplace.accounts.directories import RealDirectory, begun, configure

pytestmark = pytest.mark.django_db

ROLES = """
ml-people: team:finance-ml:contributor
ml-leads: [team:Finance-ML:owner, team:sales:viewer]
ghosts: team:no-such-team:owner
risk: [role:reviewer:model_risk]
auditors: role:auditor
"""


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    real = RealDirectory(tmp_path_factory.mktemp("directory"), f"{product.PUBLIC_URL}/login/sso/callback")
    real.tell(
        nadia={"email": "nadia@example.com", "name": "Nadia Neu"},
        otto={"email": "otto@example.com", "name": "Otto"},
        bea={"email": "bea@example.com"},
    )
    with real.running():
        yield real


@pytest.fixture
def directory(provider, settings):
    provider.tell(nadia={"groups": []}, otto={"groups": []})
    configure(settings, provider, OIDC_ROLES=ROLES)
    return provider


def comes(client, directory, name, next=""):
    """Walk the whole way as a browser does: our button, their page, their password, back to us."""
    browser = requests.Session()
    asked = browser.get(begun(client, next=next))
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', asked.text).group(1)
    wish = html.unescape(re.search(r'name="next"\s+value="([^"]+)"', asked.text).group(1))
    form = {"login": name, "password": THERE, "csrfmiddlewaretoken": token, "next": wish}
    answer = browser.post(asked.url, data=form, allow_redirects=False)
    while "/login/sso/callback" not in answer.headers.get("Location", ""):
        assert answer.status_code == 302, answer.text[:500]
        answer = browser.get(directory.issuer + answer.headers["Location"].removeprefix(directory.issuer), allow_redirects=False)
    return client.get(answer.headers["Location"])


def who(client):
    return User.objects.get(pk=client.session["_auth_user_id"])


def places(person):
    return {m.team.name: (m.role, m.source) for m in Membership.objects.select_related("team").filter(user=person)}


def verbs(person=None):
    return list(Event.objects.order_by("pk").values_list("verb", flat=True))


def test_the_first_sign_in_makes_the_person_with_the_places_of_their_groups(cast, client, directory):
    directory.tell(nadia={"groups": ["ml-people", "risk", "ghosts", "unknown-group"]})
    answer = comes(client, directory, "nadia", next="/teams")
    assert answer.status_code == 302
    assert answer["Location"] == "/welcome?next=%2Fteams"
    nadia = who(client)
    assert (nadia.username, nadia.name, nadia.email) == ("nadia", "Nadia Neu", "nadia@example.com")
    assert not nadia.has_usable_password()
    assert places(nadia) == {"finance-ml": ("contributor", "directory")}
    assert [(r.role, r.track, r.source) for r in OrganizationRole.objects.filter(user=nadia)] == [("reviewer", "model_risk", "directory")]
    assert {"person.added", "person.linked", "team.member_added", "role.given", "person.signed_in"} <= set(verbs())
    assert client.get("/teams").status_code == 200


def test_every_sign_in_gives_and_takes_what_the_groups_say_then(cast, client, directory):
    directory.tell(nadia={"groups": ["ml-people", "auditors"]})
    comes(client, directory, "nadia")
    nadia = who(client)
    directory.tell(nadia={"groups": ["ml-leads"]})
    comes(client, directory, "nadia")
    assert who(client) == nadia
    assert places(nadia) == {"finance-ml": ("owner", "directory"), "sales": ("viewer", "directory")}
    assert not OrganizationRole.objects.filter(user=nadia).exists()
    directory.tell(nadia={"groups": []})
    comes(client, directory, "nadia")
    assert places(nadia) == {}
    assert verbs().count("team.member_removed") == 2
    assert not nadia.groups.exists(), "the mirrored groups follow"


def test_what_was_given_by_hand_stays(cast, client, directory):
    comes(client, directory, "nadia")
    nadia = who(client)
    add_member(cast.finance_ml, nadia, role="viewer", by=cast.paul)
    give_role(nadia, "auditor", by=cast.root)
    directory.tell(nadia={"groups": ["ml-people", "auditors"]})
    comes(client, directory, "nadia")
    assert places(nadia) == {"finance-ml": ("viewer", "hand")}
    directory.tell(nadia={"groups": []})
    comes(client, directory, "nadia")
    assert places(nadia) == {"finance-ml": ("viewer", "hand")}
    assert OrganizationRole.objects.get(user=nadia).source == "hand"


def test_a_team_keeps_its_last_owner_and_administrators_are_told(cast, client, directory):
    team = Team.objects.create(name="new-team", group=cast.sales.group.__class__.objects.create(name="team:new-team"), quota_bytes=1)
    directory.tell(nadia={"groups": ["leads"]})
    from django.test import override_settings

    with override_settings(OIDC_ROLES="{leads: team:new-team:owner}"):
        comes(client, directory, "nadia")
        nadia = who(client)
        directory.tell(nadia={"groups": []})
        comes(client, directory, "nadia")
    assert places(nadia) == {"new-team": ("owner", "directory")}
    event = Event.objects.filter(verb="team.last_owner_kept").latest("pk")
    assert event.subject_id == str(team.pk)
    tell_administrators(event)
    told = Notice.objects.get(user=cast.root)
    assert told.text.startswith("new-team would have lost its last owner")
    assert told.url == "/teams/new-team"


def test_whoever_leaves_the_required_group_is_out_everywhere_at_once(cast, client, directory, settings):
    settings.OIDC_REQUIRED_GROUP = "marketplace-users"
    assert comes(client, directory, "nadia").status_code == 403
    assert not User.objects.filter(username="nadia").exists(), "nobody is made who may not come in"
    directory.tell(nadia={"groups": ["marketplace-users"]})
    comes(client, directory, "nadia")
    nadia = who(client)
    _, secret = issue_token(nadia, by=nadia, name="script", scopes=["read"])
    from django.test import Client

    elsewhere = Client()
    directory.tell(nadia={"groups": []})
    answer = comes(elsewhere, directory, "nadia")
    assert answer.status_code == 403
    assert "you are not in the group of people who use this marketplace" in answer.content.decode()
    assert client.get("/teams").status_code == 302
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    assert not Session.objects.filter(user=nadia).exists()
    directory.tell(nadia={"groups": ["marketplace-users"]})
    answer = comes(client, directory, "nadia")
    assert answer.status_code == 403
    assert "The account nadia was closed." in answer.content.decode()
    activate_person(nadia, by=cast.root)
    assert comes(client, directory, "nadia").status_code == 302


def test_groups_that_did_not_fit_take_nothing_away(cast, client, directory, settings):
    directory.tell(nadia={"groups": ["ml-people"]})
    comes(client, directory, "nadia")
    nadia = who(client)
    directory.tell(nadia={"groups": None, "_claim_names": {"groups": "src1"}})
    comes(client, directory, "nadia")
    assert places(nadia) == {"finance-ml": ("contributor", "directory")}
    settings.OIDC_REQUIRED_GROUP = "marketplace-users"
    client.post("/logout")
    assert comes(client, directory, "nadia").status_code == 403
    nadia.refresh_from_db()
    assert nadia.is_active, "not knowing is no reason to close an account"
    directory.people["nadia"].pop("_claim_names")


def test_an_address_that_is_taken_says_what_to_do_and_linking_does_it(cast, client, directory):
    answer = comes(client, directory, "bea")
    assert answer.status_code == 403
    assert "manage.py person NAME --subject sub-of-bea" in answer.content.decode()
    from django.core.management import call_command

    call_command("person", "bea", subject="sub-of-bea")
    assert comes(client, directory, "bea").status_code == 302
    assert who(client) == cast.bea


def test_only_administrators_link_and_only_people_and_once(cast, directory):
    with pytest.raises(NotAllowed):
        link_identity(cast.bea, directory.issuer, "x", by=cast.paul)
    with pytest.raises(Conflict, match="service account"):
        link_identity(cast.ci_claims, directory.issuer, "x", by=cast.root)
    link_identity(cast.bea, directory.issuer, "x", by=cast.root)
    with pytest.raises(Conflict, match="linked to an account already"):
        link_identity(cast.ivo, directory.issuer, "x", by=cast.root)


def test_a_password_opens_for_administrators_alone_and_the_page_says_so(cast, client, directory):
    page = client.get("/login").content.decode()
    assert "Sign in with Example SSO" in page
    assert "For administrators, when Example SSO is down." in page
    answer = client.post("/login", {"login": "bea", "password": PASSWORD})
    assert answer.status_code == 422
    assert "or it is not the one of an administrator" in answer.content.decode()
    assert '<details class="way-in" open>' in answer.content.decode()
    assert client.post("/login", {"login": "root", "password": PASSWORD}).status_code == 302


def test_a_directory_that_is_down_says_so_and_leaves_the_way_by_password(cast, client, directory, settings):
    settings.OIDC_ISSUER = "http://127.0.0.1:1"
    answer = client.post("/login/sso")
    assert answer.status_code == 503
    assert "Example SSO does not answer right now." in answer.content.decode()
    assert client.post("/login", {"login": "root", "password": PASSWORD}).status_code == 302


def test_signing_in_gives_the_browser_a_new_session(cast, client, directory):
    client.get("/login")
    address = begun(client)
    before = client.cookies[product.SESSION_COOKIE_NAME].value
    assert "state=" in address
    comes(client, directory, "otto")
    assert client.cookies[product.SESSION_COOKIE_NAME].value != before


def test_whoever_presses_the_button_by_a_link_is_refused(cast, client, directory):
    from django.test import Client

    assert client.get("/login/sso").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/login/sso").status_code == 403


def test_closing_an_account_is_for_administrators_and_happens_once(cast, directory):
    with pytest.raises(NotAllowed):
        deactivate_person(cast.bea, by=cast.paul, reason="x")
    deactivate_person(cast.sam, by=cast.root, reason="left")
    assert deactivate_person(cast.sam, by=cast.root, reason="left").is_active is False
    assert Event.objects.filter(verb="person.deactivated", subject_id=str(cast.sam.person)).count() == 1


def test_whoever_was_erased_comes_back_as_somebody_new(cast, client, directory):
    comes(client, directory, "nadia")
    nadia = who(client)
    erase_person(nadia, by=cast.root)
    assert client.get("/teams").status_code == 302
    assert comes(client, directory, "nadia").status_code == 302
    assert who(client) != nadia


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("/no/such/file.yaml", "which is not there"),
        ("{a: [team:x:king]}", "'team:x:king'"),
        ("{a: [role:reviewer]}", "role:reviewer:<track>"),
        ("{a: [role:auditor:legal]}", "'role:auditor:legal'"),
        ("{a: {b: c}}", "must map to a list"),
        ("{a: [1]}", "must map to a list"),
        ("{a: [", "neither YAML nor JSON"),
        ("- a\n- b", "maps each group"),
        ("{a: [everything]}", "'everything'"),
    ],
)
def test_a_mapping_that_cannot_be_meant_says_where(given, problem):
    with pytest.raises(WrongMapping, match=re.escape(problem)):
        read(given)


def test_a_mapping_is_read_from_a_file_too_and_the_highest_role_counts(tmp_path):
    file = tmp_path / "roles.yaml"
    file.write_text(ROLES)
    found = places_of(["ml-leads", "ml-people", "risk"], str(file))
    assert found.teams == {"finance-ml": "owner", "sales": "viewer"}
    assert found.roles == {("reviewer", "model_risk")}


def test_the_state_of_a_sign_in_is_not_in_the_address(directory, client, cast):
    """Neither the secret of the exchange nor the session stands in what the directory sees."""
    address = begun(client)
    assert "code_verifier" not in address
    assert urlencode({"x": client.cookies[product.SESSION_COOKIE_NAME].value})[2:] not in address


def test_whom_the_directory_brought_signs_in_as_the_same_person(cast, client, directory):
    from marketplace.accounts.scim.actions import bring_person

    nadia = bring_person({"userName": "nadia@corp.example", "externalId": "sub-of-nadia", "emails": [{"value": "nadia@example.com"}]}, by=cast.root)
    comes(client, directory, "nadia")
    assert who(client) == nadia
