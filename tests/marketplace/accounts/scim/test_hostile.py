"""What a directory that is mistaken, or a stolen token of it, must not reach."""

import time

import pytest

from marketplace.accounts.actions import deactivate_person
from marketplace.accounts.models import DirectoryPerson, OrganizationRole, User
from tests.marketplace.accounts.scim.conftest import GROUPS, USERS, at

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("by_hand", [True, False], ids=["made by hand", "brought"])
def test_removing_and_bringing_again_opens_no_account_that_an_administrator_closed(cast, directory, by_hand):
    person = cast.bea if by_hand else directory.brings("nadia@corp.example", externalId="e-1")
    if by_hand:
        directory.patch(at(person), {"op": "add", "path": "externalId", "value": "e-1"})
    deactivate_person(person, by=cast.root)
    assert directory.send("DELETE", at(person)).status_code == 204
    again = directory.send("POST", USERS, {"userName": "again@corp.example", "externalId": "e-1"})
    assert not User.objects.get(pk=person.pk).is_active, again.body
    assert again.status_code == 400, again.body
    assert "An administrator closed the account" in again.body["detail"]


@pytest.mark.parametrize("wish", [r'userName eq "\ud800"', r'displayName eq "\udfff"', r'emails[value eq "\ud800"]', r'members.value eq "\ud800"'])
@pytest.mark.parametrize("place", [USERS, GROUPS])
def test_half_a_character_in_a_filter_is_a_mistake_of_the_caller(directory, place, wish):
    assert directory.get(f"{place}?filter={wish}").status_code == 400


@pytest.mark.parametrize("path", [r'emails[value eq "\ud800"].value', r'members[value eq "\ud800"]'])
def test_half_a_character_in_a_path_is_a_mistake_of_the_caller(cast, directory, path):
    assert directory.patch(at(cast.bea), {"op": "add", "path": path, "value": "x@corp.example"}).status_code == 400


def test_a_name_like_that_of_somebody_who_was_erased_is_a_name_like_any_other(directory):
    made = directory.send("POST", USERS, {"userName": "erased-max@corp.example"})
    assert made.status_code == 201, made.body
    assert directory.get(f"{USERS}/{made.body['id']}").status_code == 200


@pytest.mark.parametrize(
    "name", ["ADMINS", "admins ", " admins", "admins\u200b", "аdmins", "role:administrator", "admins\tx", "team:finance-ml:owner", "admins,ml-leads"]
)
def test_a_group_that_only_looks_like_one_of_the_mapping_gives_nothing(cast, directory, name):
    told = directory.send("POST", GROUPS, {"displayName": name, "members": [{"value": str(cast.bea.person)}]})
    given = OrganizationRole.objects.filter(user=cast.bea, source="directory").exists()
    assert given == (told.status_code == 201 and name.strip() == "admins")


@pytest.mark.parametrize(
    "wish",
    [
        " " * 1999, "urn:" + "a:" * 990, "a" * 1999, 'a eq "' + "\\\\" * 900, 'userName eq "x" and ' * 80, "emails[" * 280,
        "(" * 1999, "a.b." * 490, 'x[y eq "' + "z" * 1900, '"' * 1999, "urn:" + ":" * 1900 + "x", "a" + "\t" * 1900 + "e",
    ],
)  # fmt: skip
def test_no_filter_takes_long(directory, wish):
    from marketplace.accounts.scim.errors import ScimError
    from marketplace.accounts.scim.filters import parsed, path_in

    began = time.process_time()
    for reads in (parsed, path_in):
        try:
            reads(wish)
        except ScimError:
            continue
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "roles", "value": ["administrator"]}, {"op": "replace", "path": "is_superuser", "value": True},
        {"op": "replace", "path": "password", "value": "known-to-all-1"}, {"op": "replace", "path": "username.password", "value": "x"},
        {"op": "add", "path": "organization_roles[value eq \"administrator\"]", "value": "x"}, {"op": "add", "path": "name.__class__", "value": "x"},
        {"op": "add", "path": "__class__", "value": "x"}, {"op": "add", "value": {"_state": 1, "is_staff": True, "kind": "service", "pk": 1, "memberships": []}},
        {"op": "add", "path": "urn:ietf:params:scim:schemas:core:2.0:Group:members", "value": [{"value": "x"}]},
        {"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:Group:displayName", "value": "admins"},
        {"op": "add", "path": "said", "value": {"x": 1}}, {"op": "add", "path": "entry.is_closed_here", "value": True},
        {"op": ["add"], "path": "displayName", "value": "x"}, {"op": "add", "path": ["displayName"], "value": "x"}, {"op": "add", "path": {}, "value": "x"},
        {"op": "replace", "path": "name", "value": [[]]}, {"op": "replace", "path": "emails", "value": [[]]}, {"op": "replace", "path": "emails", "value": {"value": {"a": 1}}},
        {"op": "replace", "path": "active", "value": [True]}, {"op": "replace", "path": "active", "value": {"value": True}}, {"op": "add", "path": "emails[type eq \"work\"]", "value": 5},
        {"op": "remove", "path": "emails[value eq 1]"}, {"op": "remove", "path": "emails.value"}, {"op": "replace", "value": {"": 1}}, {"op": "replace", "path": " ", "value": 1},
    ],
)  # fmt: skip
def test_no_operation_reaches_what_is_not_the_directorys_or_breaks_anything(cast, directory, operation):
    before = User.objects.filter(pk=cast.bea.pk).values().get()
    answered = directory.patch(at(cast.bea), operation)
    assert answered.status_code in {200, 400}, answered.body
    after = User.objects.filter(pk=cast.bea.pk).values().get()
    assert {k: v for k, v in after.items() if k not in {"name", "email"}} == {k: v for k, v in before.items() if k not in {"name", "email"}}
    assert after["name"] == before["name"]


def test_programs_are_nobody_of_the_directory_by_any_address(cast, directory):
    program = cast.ci_claims
    assert directory.get(at(program)).status_code == 404
    assert directory.send("PUT", at(program), {"userName": "x"}).status_code == 404
    assert directory.send("DELETE", at(program)).status_code == 404
    assert directory.send("POST", GROUPS, {"displayName": "admins", "members": [{"value": str(program.person)}]}).status_code == 400
    assert not OrganizationRole.objects.filter(user=program).exists()
    assert not DirectoryPerson.objects.filter(user=program).exists()


def test_a_name_that_the_database_finds_alike_is_taken(cast, directory):
    assert directory.send("POST", USERS, {"userName": "\u0130vo"}).status_code == 409
    assert directory.send("PUT", at(cast.bea), {"userName": "\u0130VO"}).status_code == 409
    found = directory.get(f'{USERS}?filter=userName eq "\u0130vo"').body["Resources"]
    assert [one["id"] for one in found] == [str(cast.ivo.person)]


def test_nobody_is_found_by_no_name(cast, directory):
    directory.patch(at(cast.bea), {"op": "add", "path": "externalId", "value": "e-1"})
    DirectoryPerson.objects.filter(user=cast.bea).update(user_name="")
    for name in ("userName", "displayName", "emails.value", "externalId"):
        assert directory.get(f'{USERS}?filter={name} eq ""').body["totalResults"] == 0, name
