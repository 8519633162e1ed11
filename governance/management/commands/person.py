"""`manage.py person NAME`: add a person, or give one a place in a team or a role in the organization."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from governance.management import operator
from governance.management.commands.init import check_email
from marketplace.accounts.actions import activate_person, add_member, add_person, deactivate_person, give_role
from marketplace.accounts.identity.actions import forget_second_factors, link_identity
from marketplace.accounts.identity.queries import issuer
from marketplace.accounts.models import User
from marketplace.accounts.queries import team_named
from marketplace.accounts.scim.actions import name_for_directory
from marketplace.errors import DomainError, NotFound
from marketplace.permissions.needs import OrgRole, TeamRole

# An option that changes how somebody comes in -> what to say when it was done.
DONE = {"forget_second_factors": "second factors forgotten", "open": "account open", "close": "account closed"}


class Command(BaseCommand):
    """Adds people and gives them places; run again it adds what is new."""

    help = "Add a person, or give one a place in a team or a role. A new person's first password is printed once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the person and the places."""
        parser.add_argument("username", metavar="NAME")
        parser.add_argument("--name", default="", metavar="FULL_NAME")
        parser.add_argument("--email", default="", metavar="ADDRESS", help="needed for a new person")
        parser.add_argument("--subject", default="", metavar="SUB", help="let the person sign in as this subject of the company's directory")
        parser.add_argument("--directory-name", default="", metavar="NAME", help="the userName by which the directory knows the person (SCIM)")
        parser.add_argument("--close", action="store_true", help="close the account: sessions end, tokens count no more")
        parser.add_argument("--open", action="store_true", help="open a closed account again")
        parser.add_argument("--forget-second-factors", action="store_true", help="for somebody who lost app, passkeys and recovery codes")
        parser.add_argument("--team", action="append", default=[], metavar="TEAM:ROLE", help=f"{', '.join(TeamRole.values)}; may be given again")
        parser.add_argument("--role", action="append", default=[], metavar="ROLE", help=f"{', '.join(OrgRole.values)}; reviewers as reviewer:TRACK")

    @transaction.atomic
    def handle(self, *args: Any, username: str, name: str, email: str, team: list[str], role: list[str], subject: str, **options: Any) -> None:
        """Do all of it, or nothing."""
        operator.sign("person")
        try:
            known = User.objects.filter(username__iexact=username).first()
            person = known or self._added(username, name, email)
            for place in team:
                slug, _, as_role = place.partition(":")
                add_member(team_named(slug), person, role=as_role, by=None)
            for wanted in role:
                self._give(person, wanted)
            self._let_in(person, subject, options)
        except NotFound as missing:
            raise CommandError("There is no such team. An administrator makes teams under People and roles, or by POST /api/v1/teams.") from missing
        except DomainError as refused:
            raise CommandError(" ".join([refused.sentence, *(f"{k}: {v[0]}" for k, v in refused.fields.items()), refused.hint]).strip()) from refused
        done = [*team, *role, *(words for option, words in DONE.items() if options[option]), *(["linked with the directory"] if subject else [])]
        self.stdout.write(f"{person.username}: {', '.join(done) or ('known; nothing was changed' if known else 'added')}.")

    def _let_in(self, person: User, subject: str, options: dict[str, Any]) -> None:
        if subject and not issuer():
            raise CommandError("There is no directory to link with. Set OIDC_ISSUER or SAML_ISSUER first.")
        if subject:
            link_identity(person, issuer(), subject, by=None)
        if options["directory_name"]:
            name_for_directory(person, options["directory_name"], by=None)
        if options["forget_second_factors"]:
            forget_second_factors(person, by=None)
        if options["open"]:
            activate_person(person, by=None)
        if options["close"]:
            deactivate_person(person, by=None, reason="by an operator")

    def _added(self, username: str, name: str, email: str) -> User:
        check_email(email)
        password = secrets.token_urlsafe(18)
        person = add_person(username, by=None, name=name, email=email, password=password)
        self.stdout.write(f"Password of {username}, shown this once: {password}")
        return person

    def _give(self, person: User, wanted: str) -> None:
        role, _, track = wanted.partition(":")
        if role not in OrgRole.values:
            raise CommandError(f"{role!r} is no role. Use one of {', '.join(OrgRole.values)}.")
        give_role(person, role, track=track, by=None)
