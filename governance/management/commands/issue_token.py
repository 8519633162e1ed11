"""`manage.py issue_token --user NAME --scopes read,write`: a token for a person or service account, for scripts and first steps."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from governance.management import operator
from marketplace.accounts.actions import issue_token
from marketplace.accounts.queries import user_named
from marketplace.accounts.tokens import SCOPES, is_well_formed
from marketplace.errors import DomainError


class Command(BaseCommand):
    """Issues a token and prints its secret, once."""

    help = "Issue a token and print its secret, which is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whose token it is and what it may."""
        parser.add_argument("--user", required=True, metavar="NAME")
        parser.add_argument("--scopes", required=True, metavar="A,B", help=f"of {', '.join(SCOPES)}")
        parser.add_argument("--name", default="issued at the terminal", help="what it is for")
        parser.add_argument("--days", type=int, default=90, help="after how many days it ends (default 90)")
        parser.add_argument("--secret", help="the secret itself; in debug only, for tests that must know it beforehand")

    def handle(self, *args: Any, user: str, scopes: str, name: str, days: int, secret: str | None, **options: Any) -> None:
        """Issue it."""
        if secret is not None and not settings.LOCAL:
            raise CommandError("--secret works in debug only: elsewhere a secret that was typed is known to too many.")
        if secret is not None and not is_well_formed(secret):
            raise CommandError("This secret does not look like one of ours; leave --secret out to see what they look like.")
        operator.sign("issue_token")
        try:
            person = user_named(user)
            issued = issue_token(person, by=person, name=name, scopes=[s.strip() for s in scopes.split(",") if s.strip()], days=days, secret=secret)
        except DomainError as refused:
            raise CommandError(" ".join([refused.sentence, *(v[0] for v in refused.fields.values()), refused.hint]).strip()) from refused
        self.stdout.write(issued[1])
