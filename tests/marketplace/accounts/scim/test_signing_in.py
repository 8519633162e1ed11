"""Whoever the directory brought and whoever signs in are the same person by one key that never changes, and by nothing else."""

import pytest

from marketplace.accounts.actions import give_role
from marketplace.accounts.identity.actions import enter, link_identity
from marketplace.accounts.identity.claims import read
from marketplace.accounts.models import DirectoryPerson, Membership
from marketplace.errors import Conflict, NotAllowed
from tests.marketplace.accounts.scim.conftest import GROUPS, ROLES, USERS, at

pytestmark = pytest.mark.django_db
ISSUER = "https://sso.corp.example"


def comes(sub, *, claim="sub", required="", userinfo=None, **said):
    """Sign in with these claims of the ID token."""
    claims = read(ISSUER, {"sub": sub, "groups": [], **said}, userinfo or {}, groups_claim="groups", id_claim=claim)
    return enter(claims, roles=ROLES, required_group=required)


def places(person):
    return {m.team.name: m.role for m in Membership.objects.select_related("team").filter(user=person)}


def test_okta_calls_a_person_by_the_same_id_in_both(directory):
    nadia = directory.brings("nadia@corp.example", externalId="00u1abcd", emails=[{"value": "n@corp.example"}])
    assert comes("00u1abcd", email="n@corp.example") == nadia
    assert comes("00u1abcd") == nadia, "and again"


def test_entra_id_calls_a_person_by_another_claim(directory):
    nadia = directory.brings("nadia@corp.example", externalId="object-id-1")
    assert comes("pairwise-1", claim="oid", oid="object-id-1") == nadia
    assert comes("pairwise-1", claim="oid") == nadia, "from now on the subject alone"


def test_the_key_counts_only_when_it_is_signed(directory):
    nadia = directory.brings("nadia@corp.example", externalId="object-id-1")
    assert comes("pairwise-1", claim="oid", preferred_username="somebody", userinfo={"oid": "object-id-1"}) != nadia


def test_neither_a_name_nor_an_e_mail_address_makes_anybody_the_same_person(directory):
    nadia = directory.brings("nadia@corp.example", externalId="e-1", emails=[{"value": "n@corp.example"}])
    with pytest.raises(Conflict, match="already an account with the e-mail address"):
        comes("another-sub", email="n@corp.example")
    assert comes("a-third-sub", preferred_username="nadia@corp.example") != nadia


def test_without_a_rule_they_never_meet(directory):
    nadia = directory.brings("nadia@corp.example", externalId="e-1")
    assert comes("e-1", claim="") != nadia


def test_a_second_subject_never_takes_over_an_account(directory):
    directory.brings("nadia@corp.example", externalId="object-id-1")
    comes("pairwise-1", claim="oid", oid="object-id-1")
    with pytest.raises(Conflict, match="is linked to another sign-in"):
        comes("pairwise-2", claim="oid", oid="object-id-1")


def test_an_account_made_by_hand_is_not_taken_by_giving_it_an_id(cast, directory):
    directory.patch(at(cast.root), {"op": "add", "path": "externalId", "value": "mine"})
    with pytest.raises(Conflict, match="that account was made by hand") as refused:
        comes("mine")
    assert refused.value.hint == "An administrator links it: manage.py person root --subject mine"


def test_whoever_signed_in_first_is_taken_up_and_not_made_twice(directory):
    nadia = comes("00u1abcd", preferred_username="nadia", email="n@corp.example")
    assert directory.brings("nadia@corp.example", externalId="00u1abcd", emails=[{"value": "n@corp.example"}]) == nadia
    twice = directory.send("POST", USERS, {"userName": "nadia.2", "externalId": "00u1abcd"})
    assert (twice.status_code, twice.body["scimType"]) == (409, "uniqueness")


def test_whoever_the_directory_closed_or_removed_does_not_come_in(directory):
    nadia, otto = directory.brings("nadia", externalId="e-1"), directory.brings("otto", externalId="e-2")
    directory.patch(at(nadia), {"op": "replace", "path": "active", "value": False})
    directory.send("DELETE", at(otto))
    for sub in ("e-1", "e-2"):
        with pytest.raises(NotAllowed, match="was closed"):
            comes(sub)
    assert DirectoryPerson.objects.get(user=otto).removed_at


def test_where_groups_are_pushed_the_groups_of_a_sign_in_are_not_asked(cast, directory):
    nadia = directory.brings("nadia", externalId="e-1")
    assert comes("e-1", groups=["ml-people"]) == nadia
    assert places(nadia) == {"finance-ml": "contributor"}, "nothing is pushed yet: the token of the sign-in says the groups"
    group = directory.groups("ml-leads", nadia)
    assert places(nadia) == {"finance-ml": "owner"}
    comes("e-1", groups=["auditors"])
    assert places(nadia) == {"finance-ml": "owner"}
    assert not nadia.organization_roles.exists()
    directory.send("PUT", f"{GROUPS}/{group}", {"displayName": "ml-leads"})
    comes("e-1", groups=["ml-leads"])
    assert places(nadia) == {}


def test_the_group_that_people_must_be_in_may_be_pushed(directory):
    nadia = directory.brings("nadia", externalId="e-1")
    group = directory.groups("everybody", nadia)
    assert comes("e-1", required="everybody") == nadia
    directory.send("PUT", f"{GROUPS}/{group}", {"displayName": "everybody"})
    assert comes("e-1", required="everybody", groups=["everybody"]) is None
    nadia.refresh_from_db()
    assert not nadia.is_active
    assert directory.patch(at(nadia), {"op": "replace", "path": "active", "value": True}).body["active"] is True, "the directory closed it"


def test_another_directory_inherits_nobody_whom_only_the_sign_in_of_the_first_made_known(cast):
    nadia = comes("s-1")
    again = read("https://sso.other.example", {"sub": "s-1", "groups": []}, {}, groups_claim="groups", id_claim="sub")
    assert enter(again, roles=ROLES, required_group="") != nadia
    assert enter(again, roles=ROLES, required_group="") != nadia, "nor the second time"
    assert comes("s-1") == nadia


def test_whom_the_directory_brings_by_scim_signs_in_also_after_it_changed_its_address(directory):
    nadia = directory.brings("nadia@corp.example", externalId="s-1")
    assert comes("s-1") == nadia
    moved = read("https://sso.new.example", {"sub": "s-1", "groups": []}, {}, groups_claim="groups", id_claim="sub")
    assert enter(moved, roles=ROLES, required_group="") == nadia


def test_the_last_administrator_is_not_closed_by_a_group_that_is_missing(cast, directory):
    link_identity(cast.root, ISSUER, "s-root", by=None)
    assert comes("s-root", required="ml-people") is None, "the directory lets them in no more"
    cast.root.refresh_from_db()
    assert cast.root.is_active
    give_role(cast.bea, "administrator", by=None)
    assert comes("s-root", required="ml-people") is None
    cast.root.refresh_from_db()
    assert not cast.root.is_active, "now somebody else is one"
