"""What the directory tells of people: what the file says at this moment."""

import json
import sys
from pathlib import Path

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from django.contrib.auth.models import User


def people():
    return json.loads(Path(sys.argv[2]).read_text())


class Adapter(DefaultOIDCAdapter):
    """Reads the file on every question."""

    def get_claims(self, purpose, user, client, scopes, email=None, **kwargs):
        return {"email_verified": True, "preferred_username": user.username, **people()[user.username]}

    def get_user_sub(self, client, user):
        return people()[user.username]["sub"]

    def get_user_by_sub(self, client, sub):
        name = next((name for name, person in people().items() if person["sub"] == sub), "")
        return User.objects.filter(username=name, is_active=True).first()
