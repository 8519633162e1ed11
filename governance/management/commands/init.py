"""`manage.py init`: the first real use: organization, first administrator, first team, starter policy, and nobody else."""

import getpass
import secrets
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from governance.management import operator
from governance.policies.actions import ensure_starter
from governance.policies.queries import parsed
from marketplace.accounts.actions import add_person, create_team, give_role
from marketplace.accounts.models import User
from marketplace.accounts.queries import reviewers_of
from marketplace.activity.actions import record
from marketplace.activity.queries import has_happened
from marketplace.errors import DomainError
from marketplace.permissions.needs import OrgRole

ASKED = {
    "organization": "Name of your organization",
    "admin": "User name of the first administrator",
    "email": "Their e-mail address",
    "team": "Name of the first team",
}


class Command(BaseCommand):
    """Sets up an empty marketplace; what is not given is asked."""

    help = "Set up an empty marketplace: organization, first administrator, first team, starter policy. No demo people."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what would be asked otherwise."""
        for key, question in ASKED.items():
            parser.add_argument(f"--{key}", metavar=key.upper(), help=question[0].lower() + question[1:])
        parser.add_argument("--password-file", type=Path, metavar="FILE", help="holds the first administrator's password (default: typed or made up)")

    def handle(self, *args: Any, password_file: Path | None, **options: Any) -> None:
        """Ask, found, and say what is still to do."""
        if has_happened("organization.founded") or User.objects.exists():
            raise CommandError("This marketplace is set up already; nothing was changed. Add people with `manage.py person`.")
        given = {key: (options[key] or self._asked(key)).strip() for key in ASKED}
        check_email(given["email"])
        password, is_made_up = self._password(password_file, given["admin"], given["email"])
        try:
            found(given, password)
        except DomainError as refused:
            raise CommandError(" ".join([refused.sentence, *(f"{k}: {v[0]}" for k, v in refused.fields.items()), refused.hint]).strip()) from refused
        self._report(given, password if is_made_up else "")

    def _asked(self, key: str) -> str:
        """Ask at the terminal, or say which flag is missing where there is none."""
        if not sys.stdin.isatty():
            raise CommandError(f"--{key} is missing, and there is no terminal to ask at.")
        while not (answer := input(f"{ASKED[key]}: ").strip()):
            pass
        return answer

    def _password(self, file: Path | None, username: str, email: str) -> tuple[str, bool]:
        """Return the password and whether it was made up here."""
        if file is not None:
            try:
                password = file.read_text().strip()
            except OSError as missing:
                raise CommandError(f"{file} cannot be read: {missing.strerror}.") from missing
        else:
            password = getpass.getpass("Password (empty: make one up): ") if sys.stdin.isatty() else ""
            if not password:
                return secrets.token_urlsafe(18), True
            if getpass.getpass("The same again: ") != password:
                raise CommandError("These are two different passwords; nothing was changed.")
        try:
            validate_password(password, User(username=username, email=email))
        except ValidationError as weak:
            raise CommandError(f"This password is not good enough. {' '.join(weak.messages)}") from weak
        return password, False

    def _report(self, given: dict[str, str], password: str) -> None:
        """Say what there is now, and which decisions nobody could take yet."""
        self.stdout.write(f"{given['organization']} is set up: administrator {given['admin']}, team {given['team']}, policy starter@1.")
        if password:
            self.stdout.write(f"Password of {given['admin']}, shown this once: {password}")
        for track, title in empty_tracks():
            self.stdout.write(
                self.style.WARNING(f"Nobody reviews {title}. Name somebody: manage.py person NAME --email ADDRESS --role reviewer:{track}")
            )
        self.stdout.write(f"Add colleagues: manage.py person NAME --email ADDRESS --team {given['team']}:contributor")


def check_email(address: str) -> None:
    """Refuse what is no address, before anything is written."""
    try:
        validate_email(address)
    except ValidationError as wrong:
        raise CommandError(f"{address!r} is no e-mail address.") from wrong


@transaction.atomic
def found(given: dict[str, str], password: str) -> None:
    """Set everything up, or nothing."""
    operator.sign("init")
    person = add_person(given["admin"], by=None, email=given["email"], password=password)
    give_role(person, OrgRole.ADMINISTRATOR, by=None)
    team = create_team(given["team"], by=None, owner=person)
    ensure_starter()
    record("organization.founded", team, by=None, organization=given["organization"], administrator=person, operator=operator.name())


def empty_tracks() -> list[tuple[str, str]]:
    """Return the tracks of the starter policy that nobody reviews, with their titles."""
    policy = parsed(ensure_starter().text)
    needs = [need for _, asked in policy.requirements for need in (*asked.tracks, *asked.fallback_tracks)]
    titles = {need.key: need.title for need in needs}
    return [(key, title) for key, title in titles.items() if not reviewers_of(key).exists()]
