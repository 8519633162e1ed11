"""The cast: the demo people, the same in demo, tests and docs. Two teams own, two use; one stranger sees nothing private."""

from dataclasses import dataclass, field

from django.db import transaction

from marketplace.accounts.actions import add_member, add_person, create_team, give_role
from marketplace.accounts.models import Kind, Team, User

PASSWORD = "demo-Only-4-you"
TEAMS = {
    "finance-ml": {"paul": "owner", "petra": "owner", "nina": "contributor"},
    "legal-tech": {"lars": "owner", "jonas": "contributor"},
    "sales": {"sonja": "owner", "bea": "viewer"},
    "claims-api": {"ivo": "owner", "ci-claims": "viewer"},
    "platform-ai": {"pia": "owner"},
    "hr-ml": {"hugo": "owner"},
    "secret-lab": {"sam": "owner"},
}
ROLES = {
    "ada": [("security", ""), ("reviewer", "security")],
    "sven": [("security", ""), ("reviewer", "security")],
    "sara": [("security", ""), ("reviewer", "security")],
    "zoe": [("security", "")],
    "rita": [("reviewer", "model_risk")],
    "marc": [("reviewer", "model_risk")],
    "mina": [("reviewer", "model_risk")],
    "bo": [("reviewer", "business_owner")],
    "tess": [("reviewer", "technical")],
    "timo": [("reviewer", "technical")],
    "priya": [("reviewer", "data_privacy")],
    "lea": [("reviewer", "legal")],
    "emil": [("reviewer", "ai_ethics")],
    "gus": [("governance", "")],
    "aud": [("auditor", "")],
    "root": [("administrator", "")],
}
OTHERS = ["stan"]


@dataclass
class Cast:
    """People and teams by name: `cast.bea`, `cast.finance_ml`."""

    people: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)

    def __getattr__(self, name: str):
        if name in self.__dict__["people"]:
            return self.people[name]
        if name.replace("_", "-") in self.__dict__["teams"]:
            return self.teams[name.replace("_", "-")]
        if name.replace("_", "-") in self.__dict__["people"]:
            return self.people[name.replace("_", "-")]
        raise AttributeError(name)


def everybody() -> list[str]:
    """All names of the cast."""
    return sorted({name for members in TEAMS.values() for name in members} | ROLES.keys() | set(OTHERS))


def build() -> None:
    """Put the cast into an empty database."""
    people = {}
    for name in everybody():
        kind = Kind.SERVICE if name.startswith("ci-") else Kind.PERSON
        people[name] = add_person(name, by=None, name=name.capitalize(), email=f"{name}@example.com", password=PASSWORD, kind=kind)
    for name, members in TEAMS.items():
        team = create_team(name, by=None)
        for member, role in members.items():
            add_member(team, people[member], role=role, by=None)
    for name, roles in ROLES.items():
        for role, track in roles:
            give_role(people[name], role, track=track, by=None)


def load() -> Cast:
    """Read the cast fresh from the database; build it when a flush took it away."""
    if not User.objects.filter(username="bea").exists():
        with transaction.atomic():
            build()
    people = {u.username: u for u in User.objects.filter(username__in=everybody())}
    return Cast(people, {t.name: t for t in Team.objects.select_related("group").filter(name__in=TEAMS)})
