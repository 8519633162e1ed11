"""What is refused: callers without the right token, and bodies that are not what they should be."""

import json

import pytest

from marketplace.accounts.actions import deactivate_person, give_role, issue_token, take_role
from marketplace.accounts.keys.actions import add_publisher, rotate_token
from marketplace.accounts.models import User
from marketplace.errors import Invalid, NotAllowed
from marketplace.permissions.queries import Limits
from tests.marketplace.accounts.scim.conftest import GROUPS, USERS, Directory, at

pytestmark = pytest.mark.django_db
PATCH = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]


class TestWho:
    def test_a_session_opens_nothing_not_even_an_administrators(self, cast, client):
        client.force_login(cast.root, backend="marketplace.accounts.backends.PasswordBackend")
        answer = client.get(USERS)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer.json() == {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "401",
            "detail": "Authentication credentials were not provided. Send a token in the header Authorization: Bearer mkt_…",
        }  # fmt: skip

    def test_who_is_no_administrator_any_more_speaks_no_more_for_the_directory(self, cast, client):
        give_role(cast.gus, "administrator", by=cast.root)
        _, secret = issue_token(User.objects.get(pk=cast.gus.pk), by=User.objects.get(pk=cast.gus.pk), name="x", scopes=["directory"])
        caller = Directory(client, secret)
        assert caller.get(USERS).status_code == 200
        take_role(cast.gus, "administrator", by=cast.root)
        assert caller.get(USERS).status_code == 403

    def test_the_token_of_a_service_account_survives_who_issued_it(self, cast, client):
        give_role(cast.gus, "administrator", by=cast.root)
        _, secret = issue_token(cast.ci_claims, by=User.objects.get(pk=cast.gus.pk), name="x", scopes=["directory"])
        deactivate_person(cast.gus, by=cast.root)
        assert Directory(client, secret).get(USERS).status_code == 200

    def test_owners_of_the_team_hand_out_no_such_token_renew_none_and_trust_no_job_with_it(self, cast, client, monkeypatch):
        from marketplace.accounts.keys.limits import above

        monkeypatch.setattr(above, "home_of", lambda _: cast.claims_api)
        token, _ = issue_token(cast.ci_claims, by=cast.root, name="x", scopes=["directory"])
        with pytest.raises(NotAllowed, match="Only an administrator may hand out"):
            issue_token(cast.ci_claims, by=cast.ivo, name="x", scopes=["read", "directory"])
        with pytest.raises(NotAllowed, match="Only an administrator may hand out"):
            rotate_token(token, by=cast.ivo)
        assert rotate_token(token, by=cast.root)
        rule = {
            "issuer": "https://ci.example.com",
            "audience": "a",
            "repository": "a/b",
            "ref": "refs/heads/main",
            "workflow": ".github/workflows/a.yml",
        }
        with pytest.raises(Invalid) as wrong:
            add_publisher(cast.ci_claims, by=cast.root, scopes=["directory"], **rule)
        assert "No CI job speaks for the directory" in wrong.value.fields["scopes"][0]

    def test_it_is_offered_to_administrators_alone(self, cast, signed_in):
        assert 'value="directory"' in signed_in(cast.root).get("/me/tokens").content.decode()
        assert 'value="directory"' not in signed_in(cast.paul).get("/me/tokens").content.decode()

    def test_it_cannot_be_limited_to_some_models(self, cast):
        with pytest.raises(Invalid) as wrong:
            issue_token(cast.root, by=cast.root, name="x", scopes=["directory"], limits=Limits(frozenset({cast.sales.pk})))
        assert "speaks of everybody" in wrong.value.fields["scopes"][0]


class TestBodies:
    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            ("{", "invalidSyntax"), ("[]", "invalidSyntax"), ('"x"', "invalidSyntax"), ("", "invalidValue"), ('{"userName": "a", "userName": "b"}', "invalidSyntax"),
            ('{"userName": "a", "username": "b"}', "invalidSyntax"), ('{"schemas": ["urn:other"], "userName": "a"}', "invalidSyntax"),
            ('{"schemas": "x", "userName": "a"}', "invalidSyntax"), ("{}", "invalidValue"), ('{"userName": ""}', "invalidValue"), ('{"userName": null}', "invalidValue"),
            ('{"userName": 7}', "invalidValue"), ('{"userName": ["a"]}', "invalidValue"), ('{"userName": "a\\u202eb"}', "invalidValue"),
            ('{"userName": "a\\u0000b"}', "invalidSyntax"), ('{"userName": "' + "a" * 255 + '"}', "invalidValue"), ('{"userName": "a", "active": "perhaps"}', "invalidValue"),
            ('{"userName": "a", "active": 1}', "invalidValue"), ('{"userName": "a", "emails": "x@y.example"}', "invalidValue"),
            ('{"userName": "a", "emails": [{"value": "no address"}]}', "invalidValue"), ('{"userName": "a", "emails": [7]}', "invalidValue"),
            ('{"userName": "a", "emails": [{"value": {"a": 1}}]}', "invalidValue"), ('{"userName": "a", "name": "x"}', "invalidValue"),
            ('{"userName": "a", "name": {"givenName": [1]}}', "invalidValue"), ('{"userName": "a", "displayName": {}}', "invalidValue"),
            ('{"userName": "a", "emails": [' + ",".join(['{"value": "a@b.example"}'] * 21) + "]}", "invalidValue"),
            ('{"userName": "a", "x": ' + "[" * 200 + "]" * 200 + "}", "invalidSyntax"),
        ],
    )  # fmt: skip
    def test_a_body_that_is_wrong_is_named_in_the_words_of_the_protocol(self, cast, directory, body, kind):
        before = User.objects.count()
        answer = directory.send("POST", USERS, body)
        assert (answer.status_code, answer.body["status"], answer.body["scimType"]) == (400, "400", kind)
        assert answer.body["detail"]
        assert User.objects.count() == before

    @pytest.mark.parametrize(
        ("operation", "kind"),
        [
            ({}, "invalidSyntax"), ({"op": "move", "path": "active", "value": True}, "invalidSyntax"), ({"op": "add", "path": "displayName"}, "invalidValue"),
            ({"op": "remove"}, "noTarget"), ({"op": "add", "value": "x"}, "invalidValue"), ({"op": "add", "path": "a b", "value": 1}, "invalidPath"),
            ({"op": "add", "path": 7, "value": 1}, "invalidPath"), ({"op": "add", "path": 'emails[type co "w"].value', "value": "x"}, "invalidPath"),
            ({"op": "add", "path": "emails[", "value": "x"}, "invalidPath"), ({"op": "add", "path": 'displayName[type eq "x"]', "value": "x"}, "invalidPath"),
            ({"op": "replace", "path": "id", "value": "x"}, "mutability"), ({"op": "replace", "path": "groups", "value": []}, "mutability"),
            ({"op": "remove", "path": "userName"}, "mutability"), ({"op": "replace", "path": "userName", "value": None}, "mutability"),
            ({"op": "remove", "path": "active"}, "mutability"), ({"op": "replace", "path": 'emails[type eq "home"].value', "value": "a@b.example"}, "noTarget"),
            ({"op": "replace", "path": "emails", "value": ["x"]}, "invalidValue"), ({"op": "replace", "path": "name", "value": "x"}, "invalidValue"),
            ({"op": "replace", "path": "userName", "value": "ivo"}, "uniqueness"), ({"op": "replace", "path": "userName", "value": {"a": 1}}, "invalidValue"),
            ({"op": "add", "path": 'emails[type eq "work"]', "value": "x"}, "invalidValue"), ({"op": "add", "path": "name.givenName", "value": {"a": [1]}}, "invalidValue"),
        ],
    )  # fmt: skip
    def test_an_operation_that_is_wrong_changes_nothing(self, cast, directory, operation, kind):
        before = directory.get(at(cast.bea)).body
        answer = directory.patch(at(cast.bea), {"op": "replace", "path": "displayName", "value": "changed"}, operation)
        assert (answer.status_code, answer.body["scimType"]) == (409 if kind == "uniqueness" else 400, kind)
        assert directory.get(at(cast.bea)).body == before

    @pytest.mark.parametrize(
        "body",
        [
            {},
            [],
            {"Operations": []},
            {"schemas": PATCH},
            {"schemas": PATCH, "Operations": {}},
            {"schemas": PATCH, "Operations": [7]},
            {"schemas": "x", "Operations": [{}]},
        ],
    )
    def test_a_patch_without_operations_is_refused(self, cast, directory, body):
        assert directory.send("PATCH", at(cast.bea), body).body["scimType"] == "invalidSyntax"

    def test_too_many_operations_and_too_many_bytes_are_refused(self, cast, directory):
        many = directory.patch(at(cast.bea), *[{"op": "add", "path": "displayName", "value": "x"}] * 1001)
        assert (many.status_code, many.body["scimType"]) == (400, "tooMany")
        large = directory.send("POST", USERS, json.dumps({"userName": "a", "x": "x" * 5 * 1024**2}))
        assert (large.status_code, large.body["status"]) == (413, "413")

    def test_another_media_type_and_another_method_are_answered_in_scim(self, cast, directory, client):
        header = {"Authorization": f"Bearer {directory.secret}"}
        assert client.post(USERS, "<x/>", content_type="text/xml", headers=header).json()["status"] == "415"
        assert client.post(USERS, '{"userName": "json"}', content_type="application/json; charset=utf-8", headers=header).status_code == 201
        assert client.get(USERS, headers=header | {"Accept": "text/html"})["Content-Type"] == "application/scim+json"
        assert client.delete(USERS, headers=header).json()["status"] == "405"

    @pytest.mark.parametrize("place", ["x", "00000000-0000-0000-0000-000000000000", "..%2f", "1" * 300, "%00"])
    def test_what_nobody_has_is_not_there(self, directory, place):
        for there in (USERS, GROUPS):
            assert directory.get(f"{there}/{place}").status_code == 404

    def test_what_is_not_offered_says_so(self, directory):
        assert directory.send("POST", "/scim/v2/.search", {}).status_code == 501
        assert directory.send("POST", "/scim/v2/Bulk", {}).status_code == 501
        assert directory.get("/scim/v2/Me").status_code == 501
        assert directory.get("/scim/v2/Nowhere").status_code == 404

    def test_a_fault_of_ours_says_nothing_of_its_inside(self, cast, directory, monkeypatch):
        from marketplace.accounts.scim import api

        def fails(*args):
            raise ValueError("secret inside")

        monkeypatch.setattr(api, "people_where", fails)
        answer = directory.get(USERS)
        assert answer.status_code == 500
        assert "secret inside" not in answer.content.decode()
