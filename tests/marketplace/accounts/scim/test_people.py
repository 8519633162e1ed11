"""People as a directory brings, changes, closes and removes them; as RFC 7644 writes it, as Entra ID does, and as Okta does."""

import pytest

from marketplace.accounts.actions import add_person, deactivate_person, issue_token
from marketplace.accounts.keys.queries import token_caller
from marketplace.accounts.models import DirectoryPerson, Session, User
from marketplace.activity.models import Event
from marketplace.activity.queries import details_of
from tests.marketplace.accounts.scim.conftest import USERS, at

pytestmark = pytest.mark.django_db
ENTRA = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
    "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
    "userName": "nadia.neu@corp.example",
    "active": True,
    "displayName": "Nadia Neu",
    "emails": [{"primary": True, "type": "work", "value": "nadia@corp.example"}],
    "name": {"formatted": "Nadia Neu", "familyName": "Neu", "givenName": "Nadia"},
    "title": "Analyst",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Risk"},
}


def told(event):
    return details_of(event)["details"]


def last(verb):
    return Event.objects.filter(verb=verb).order_by("-pk").first()


class TestComing:
    def test_a_person_comes_with_name_and_address_and_may_not_sign_in_by_password(self, directory):
        made = directory.send("POST", USERS, ENTRA)
        nadia = User.objects.get(person=made.body["id"])
        assert (nadia.username, nadia.name, nadia.email, nadia.kind) == ("nadia.neu", "Nadia Neu", "nadia@corp.example", "person")
        assert not nadia.has_usable_password()
        assert made["Content-Type"] == "application/scim+json"
        assert made["Location"] == made.body["meta"]["location"] == f"http://localhost{at(nadia)}"
        assert made["ETag"] == made.body["meta"]["version"]
        assert made.body["emails"] == ENTRA["emails"]
        assert "title" not in made.body, "what is not known is left out, not refused"

    def test_the_record_says_who_did_it_and_holds_no_name(self, cast, directory):
        nadia = directory.brings("nadia.neu@corp.example", displayName="Nadia Neu")
        event = last("person.added")
        assert (event.actor, event.subject_id) == (cast.ci_claims.person, str(nadia.person))
        directory.patch(at(nadia), {"op": "replace", "path": "displayName", "value": "Nadia Alt"})
        assert told(last("person.changed")) == {"fields": ["displayName"]}
        assert not Event.objects.filter(body__icontains="nadia").exists()

    def test_a_name_that_is_taken_is_refused_whatever_its_case(self, cast, directory):
        directory.brings("nadia@corp.example")
        for name in ("nadia@corp.example", "NADIA@corp.example", "bea"):
            again = directory.send("POST", USERS, {"userName": name})
            assert (again.status_code, again.body["scimType"], again.body["status"]) == (409, "uniqueness", "409")
            assert again.body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]

    def test_two_people_whose_short_names_clash_get_two_user_names(self, directory):
        assert directory.brings("kim@north.example").username == "kim"
        assert directory.brings("kim@south.example").username == "kim-2"

    def test_an_e_mail_address_of_somebody_here_makes_nobody_the_same_person(self, cast, directory):
        refused = directory.send("POST", USERS, ENTRA | {"emails": [{"value": "BEA@example.com"}]})
        assert (refused.status_code, refused.body["scimType"]) == (409, "uniqueness")
        assert "manage.py person bea --directory-name nadia.neu@corp.example" in refused.body["detail"]

    def test_an_operator_says_whom_the_directory_means(self, cast, directory):
        from django.core.management import call_command

        call_command("person", "bea", directory_name="bea@corp.example")
        found = directory.get(f'{USERS}?filter=userName eq "Bea@corp.example"')
        assert [one["id"] for one in found.body["Resources"]] == [str(cast.bea.person)]
        assert found.body["Resources"][0]["displayName"] == "Bea"

    def test_nobody_gets_rights_by_asking(self, cast, directory):
        wish = {
            "roles": [{"value": "administrator"}], "entitlements": ["x"], "is_superuser": True, "is_staff": True, "kind": "service", "password": "known-to-all-1", "id": str(cast.root.person), "groups": [{"value": "x"}], "person": str(cast.root.person), "meta": {"version": "x"}, "teams": ["sales"],
        }  # fmt: skip
        nadia = directory.brings("nadia", **wish)
        for method in ("PUT", "PATCH"):
            if method == "PUT":
                assert directory.send("PUT", at(nadia), wish | {"userName": "nadia"}).status_code == 200
            else:
                assert directory.patch(at(nadia), {"op": "replace", "value": wish}).status_code == 200
            nadia.refresh_from_db()
            assert (nadia.username, nadia.is_superuser, nadia.is_staff, nadia.kind) == ("nadia", False, False, "person")
            assert not nadia.has_usable_password()
            assert not nadia.organization_roles.exists()
            assert not nadia.memberships.exists()
            assert not nadia.groups.exists()


class TestChanging:
    def test_put_replaces_what_is_said_and_keeps_id_and_state_where_they_are_left_out(self, directory):
        nadia = directory.brings("nadia", externalId="e-1", displayName="Nadia", emails=[{"value": "n@corp.example"}])
        put = directory.send("PUT", at(nadia), {"userName": "nadia.alt", "name": {"givenName": "Nadia", "familyName": "Alt"}})
        assert put.status_code == 200
        assert {name: put.body.get(name) for name in ("userName", "externalId", "active", "displayName", "emails")} == {
            "userName": "nadia.alt", "externalId": "e-1", "active": True, "displayName": None, "emails": None,
        }  # fmt: skip
        nadia.refresh_from_db()
        assert (nadia.username, nadia.name, nadia.email) == ("nadia", "Nadia Alt", "")

    @pytest.mark.parametrize(
        "operation",
        [
            {"op": "Replace", "path": "active", "value": "False"},
            {"op": "replace", "path": "active", "value": False},
            {"op": "replace", "value": {"active": False}},
            {"op": "Replace", "value": {"Active": "false"}},
            {"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:active", "value": False},
        ],
        ids=["Entra ID", "RFC", "Okta", "another spelling", "with the URN"],
    )
    def test_every_way_to_close_an_account_closes_it_with_sessions_and_tokens(self, cast, directory, client, operation):
        nadia = directory.brings("nadia")
        _, secret = issue_token(nadia, by=nadia, name="x", scopes=["read"])
        client.force_login(nadia, backend="marketplace.accounts.backends.PasswordBackend")
        closed = directory.patch(at(nadia), operation)
        assert (closed.status_code, closed.body["active"]) == (200, False)
        assert token_caller(secret) is None
        assert not Session.objects.filter(user=nadia).exists()
        assert {"person.deactivated", "token.revoked"} <= set(Event.objects.filter(actor=cast.ci_claims.person).values_list("verb", flat=True))
        assert directory.patch(at(nadia), {"op": "Replace", "path": "active", "value": "True"}).body["active"] is True
        assert token_caller(secret) is None, "tokens stay dead"

    def test_entra_writes_parts_by_path_and_may_have_no_path(self, directory):
        nadia = directory.brings("nadia")
        answer = directory.patch(
            at(nadia),
            {"op": "Add", "path": 'emails[type eq "work"].value', "value": "n@corp.example"},
            {
                "op": "Add",
                "value": {
                    "name.givenName": "Nadia",
                    "name.familyName": "Neu",
                    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "X",
                },
            },
            {"op": "Replace", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "value": "somebody"},
            {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "1"},
        )
        assert answer.status_code == 200
        assert answer.body["emails"] == [{"type": "work", "value": "n@corp.example"}]
        nadia.refresh_from_db()
        assert (nadia.name, nadia.email) == ("Nadia Neu", "n@corp.example")

    def test_okta_sends_the_whole_resource_without_a_path(self, directory):
        nadia = directory.brings("nadia", displayName="Nadia")
        seen = directory.get(at(nadia)).body
        assert directory.patch(at(nadia), {"op": "replace", "value": seen | {"displayName": "N. Neu"}}).body["displayName"] == "N. Neu"

    def test_what_an_administrator_closed_only_an_administrator_opens(self, cast, directory):
        nadia = directory.brings("nadia")
        deactivate_person(nadia, by=cast.root)
        refused = directory.patch(at(nadia), {"op": "replace", "path": "active", "value": True})
        assert (refused.status_code, refused.body["scimType"]) == (400, "mutability")
        assert "An administrator closed the account nadia" in refused.body["detail"]
        assert directory.send("PUT", at(nadia), {"userName": "nadia", "displayName": "N"}).body["active"] is False, "other changes go on"

    def test_the_last_administrator_stays_and_the_answer_says_why(self, cast, directory):
        for answer in (
            directory.patch(at(cast.root), {"op": "replace", "path": "active", "value": False}),
            directory.send("DELETE", at(cast.root)),
            directory.send("PUT", at(cast.root), {"userName": "root", "active": False}),
        ):
            assert (answer.status_code, answer.body["scimType"]) == (400, "mutability")
            assert "Root is the last administrator. Make somebody else an administrator first." in answer.body["detail"]
        cast.root.refresh_from_db()
        assert cast.root.is_active

    def test_nobody_closes_the_account_whose_token_they_use(self, cast, client):
        from tests.marketplace.accounts.scim.conftest import Directory

        _, secret = issue_token(cast.root, by=cast.root, name="x", scopes=["directory"])
        own = Directory(client, secret).patch(at(cast.root), {"op": "replace", "path": "active", "value": False})
        assert (own.status_code, own.body["scimType"]) == (400, "mutability")

    def test_a_change_of_what_was_changed_meanwhile_is_refused(self, directory):
        nadia = directory.brings("nadia")
        seen = directory.get(at(nadia))
        assert directory.get(at(nadia), If_None_Match=seen["ETag"]).status_code == 304
        directory.patch(at(nadia), {"op": "add", "path": "displayName", "value": "N"})
        late = directory.send("PUT", at(nadia), {"userName": "n"}, If_Match=seen["ETag"])
        assert (late.status_code, late.body["status"]) == (412, "412")
        assert directory.send("PUT", at(nadia), {"userName": "n"}, If_Match=directory.get(at(nadia))["ETag"]).status_code == 200

    def test_nothing_is_written_when_nothing_changes(self, directory):
        nadia = directory.brings("nadia", displayName="N")
        before = Event.objects.count(), directory.get(at(nadia))["ETag"]
        directory.send("PUT", at(nadia), {"userName": "nadia", "displayName": "N", "active": True})
        assert (Event.objects.count(), directory.get(at(nadia))["ETag"]) == before


class TestLeaving:
    def test_whoever_is_removed_is_closed_and_stays_in_the_record(self, cast, directory):
        nadia = directory.brings("nadia@corp.example", externalId="e-1")
        directory.groups("ml-people", nadia)
        assert directory.send("DELETE", at(nadia)).status_code == 204
        nadia.refresh_from_db()
        assert not nadia.is_active
        assert not nadia.memberships.exists(), "what the directory gave it takes back"
        assert directory.get(at(nadia)).status_code == 404
        assert directory.send("DELETE", at(nadia)).status_code == 404
        assert directory.get(f'{USERS}?filter=userName eq "nadia@corp.example"').body["totalResults"] == 0
        assert {"person.deactivated", "team.member_removed", "person.removed"} <= set(Event.objects.values_list("verb", flat=True))

    def test_whoever_comes_back_with_the_same_id_is_the_same_person(self, directory):
        nadia = directory.brings("nadia@corp.example", externalId="e-1")
        directory.send("DELETE", at(nadia))
        assert directory.brings("nadia.neu@corp.example", externalId="e-1") == nadia
        assert User.objects.get(pk=nadia.pk).is_active

    def test_whoever_comes_with_the_same_name_alone_is_somebody_new(self, directory):
        nadia = directory.brings("nadia@corp.example", externalId="e-1")
        directory.send("DELETE", at(nadia))
        assert directory.brings("nadia@corp.example", externalId="e-2") != nadia

    def test_administrators_hear_what_a_leaver_leaves_open(self, cast, directory):
        from marketplace.handlers import tell_of_open_duties
        from marketplace.notifications.models import Notice

        directory.patch(at(cast.sam), {"op": "replace", "path": "active", "value": False})
        assert tell_of_open_duties(last("person.deactivated")) == 1
        notice = Notice.objects.get(user=cast.root, about=f"leaver:{cast.sam.pk}")
        assert notice.url == "/admin/people/sam"
        assert "Sam" in notice.text
        deactivate_person(cast.bea, by=cast.root)
        assert tell_of_open_duties(last("person.deactivated")) == 0, "whoever did it by hand saw the duties before"

    def test_erasing_a_person_erases_what_the_directory_said(self, cast, directory):
        from marketplace.accounts.actions import erase_person

        nadia = directory.brings("nadia@corp.example", externalId="e-1")
        directory.groups("some", nadia)
        erase_person(nadia, by=cast.root)
        assert not DirectoryPerson.objects.filter(user=nadia).exists()
        assert not nadia.directory_memberships.exists()
        assert directory.get(at(nadia)).status_code == 404


class TestFinding:
    @pytest.mark.parametrize(
        "wish",
        [
            'userName eq "Nadia@corp.example"', 'externalId eq "e-1"', 'displayName eq "nadia neu"', 'emails.value eq "N@corp.example"',
            'userName eq "nadia@corp.example" and active eq true', 'emails[value eq "n@corp.example"]',
            'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "nadia@corp.example"',
        ],
    )  # fmt: skip
    def test_people_are_found_by_what_directories_ask(self, directory, wish):
        nadia = directory.brings("nadia@corp.example", externalId="e-1", displayName="Nadia Neu", emails=[{"value": "n@corp.example"}])
        found = directory.get(f"{USERS}?filter={wish.replace('&', '%26')}").body
        assert [one["id"] for one in found["Resources"]] == [str(nadia.person)]
        assert found["totalResults"] == 1
        assert directory.get(f'{USERS}?filter=id eq "{nadia.person}"').body["totalResults"] == 1

    @pytest.mark.parametrize(
        "wish",
        [
            'userName co "n"',
            "userName pr",
            'not (userName eq "x")',
            'userName eq "x" or id eq "y"',
            'title eq "x"',
            "userName",
            '"',
            'password eq "x"',
        ],
    )
    def test_any_other_filter_is_refused_by_name(self, directory, wish):
        answer = directory.get(f"{USERS}?filter={wish}")
        assert (answer.status_code, answer.body["scimType"]) == (400, "invalidFilter")

    @pytest.mark.parametrize(
        "wish", ['id eq "x"', 'externalId eq ""', 'userName eq ""', 'emails.value eq ""', 'id eq "00000000-0000-0000-0000-000000000000"']
    )
    def test_a_filter_for_nobody_finds_nobody(self, directory, wish):
        assert directory.get(f"{USERS}?filter={wish}").body["totalResults"] == 0

    def test_programs_and_whoever_was_erased_are_nobody_of_the_directory(self, cast, directory):
        assert directory.get(f'{USERS}?filter=userName eq "ci-claims"').body["totalResults"] == 0
        assert directory.get(at(cast.ci_claims)).status_code == 404
        assert directory.send("DELETE", at(cast.ci_claims)).status_code == 404

    def test_pages_count_from_one_and_hold_everybody_once(self, cast, directory):
        total = directory.get(USERS).body["totalResults"]
        seen = []
        for start in range(1, total + 1, 5):
            page = directory.get(f"{USERS}?startIndex={start}&count=5").body
            assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (total, start, len(page["Resources"]))
            seen += [one["id"] for one in page["Resources"]]
        assert len(seen) == len(set(seen)) == total
        assert directory.get(f"{USERS}?count=0").body["Resources"] == []
        assert directory.get(f"{USERS}?startIndex=-3&count=1").body["startIndex"] == 1
        assert directory.get(f"{USERS}?count=1000000000").status_code == 400
        assert len(directory.get(f"{USERS}?count=99999").body["Resources"]) <= 200

    def test_only_what_is_asked_for_is_told(self, directory):
        nadia = directory.brings("nadia", displayName="N", name={"givenName": "N", "familyName": "M"}, emails=[{"value": "n@corp.example"}])
        assert directory.get(f"{at(nadia)}?attributes=displayName").body == {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": str(nadia.person), "displayName": "N",
        }  # fmt: skip
        assert directory.get(f"{at(nadia)}?attributes=name.familyName,emails.value").body.keys() == {"schemas", "id", "name", "emails"}
        assert "emails" not in directory.get(f"{at(nadia)}?excludedAttributes=emails,id").body
        assert "id" in directory.get(f"{at(nadia)}?excludedAttributes=emails,id").body

    def test_a_page_of_people_costs_a_fixed_number_of_questions(self, cast, directory, django_assert_max_num_queries):
        directory.groups("some", cast.bea, cast.ivo, cast.paul)
        with django_assert_max_num_queries(6):
            assert directory.get(USERS).status_code == 200
        with django_assert_max_num_queries(6):
            directory.get(at(cast.bea))


def test_a_name_of_the_directory_is_not_given_to_anybody_else_by_hand(cast, directory):
    from marketplace.errors import Conflict

    nadia = directory.brings("nadia@corp.example")
    directory.send("PUT", at(nadia), {"userName": "carl"})
    with pytest.raises(Conflict, match="The directory calls somebody else Carl"):
        add_person("Carl", by=cast.root)
