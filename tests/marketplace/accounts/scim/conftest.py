"""The company's directory as a caller: a service account that an administrator gave its token to."""

import json

import pytest

from marketplace.accounts.actions import issue_token
from marketplace.accounts.models import User

USERS, GROUPS = "/scim/v2/Users", "/scim/v2/Groups"
ROLES = """
ml-people: team:finance-ml:contributor
ml-leads: team:finance-ml:owner
auditors: role:auditor
admins: role:administrator
group-object-id: team:sales:viewer
"""


class Directory:
    """Sends SCIM; `status` remembers nothing, every answer is returned with its JSON as `.body`."""

    def __init__(self, client, secret):
        self.client, self.secret = client, secret

    def send(self, method, address, body=None, **headers):
        sent = "" if body is None else body if isinstance(body, (str, bytes)) else json.dumps(body)
        told = {"Authorization": f"Bearer {self.secret}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        answer = self.client.generic(method, address, sent, content_type="application/scim+json", headers=told)
        answer.body = json.loads(answer.content) if answer.content else None
        return answer

    def get(self, address, **headers):
        return self.send("GET", address, **headers)

    def brings(self, name, /, **more):
        """Bring a person and return the account."""
        answer = self.send("POST", USERS, {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "active": True, **more})
        assert answer.status_code == 201, answer.content
        return User.objects.get(person=answer.body["id"])

    def groups(self, name, /, *people, **more):
        """Bring a group and return its id."""
        answer = self.send("POST", GROUPS, {"displayName": name, "members": [{"value": str(p.person)} for p in people], **more})
        assert answer.status_code == 201, answer.content
        return answer.body["id"]

    def patch(self, address, *operations):
        return self.send("PATCH", address, {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)})


def at(person):
    """The address of a person."""
    return f"{USERS}/{person.person}"


@pytest.fixture
def directory(cast, client, settings):
    settings.OIDC_ROLES = ROLES
    _, secret = issue_token(cast.ci_claims, by=cast.root, name="directory", scopes=["directory"])
    return Directory(client, secret)
