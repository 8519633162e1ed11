"""The people of the demo world: the same persons, teams and roles as in the tests, with full names and colleagues."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password

from marketplace.accounts.actions import add_member, add_person, create_team, give_role, place_team
from marketplace.accounts.models import Kind, Membership, OrganizationRole, Team, User

PASSWORD = "demo-Only-4-you"  # noqa: S105 - printed at every start of the demo; `demo` refuses to run where it could matter
TEAMS: dict[str, dict[str, str]] = {
    "finance-ml": {"paul": "owner", "petra": "owner", "nina": "contributor"},
    "legal-tech": {"lars": "owner", "jonas": "contributor"},
    "sales": {"sonja": "owner", "bea": "viewer"},
    "claims-api": {"ivo": "owner", "ci-claims": "viewer"},
    "platform-ai": {"pia": "owner"},
    "hr-ml": {"hugo": "owner"},
    "secret-lab": {"sam": "owner"},
}
MORE_TEAMS: dict[str, dict[str, str]] = {
    "supply-chain": {"wanda": "owner", "oskar": "contributor"},
    "customer-care": {"clara": "owner", "dario": "contributor"},
    "risk-analytics": {"ruth": "owner", "felix": "contributor"},
    "marketing-data": {"maja": "owner"},
    "quality-vision": {"quentin": "owner", "vera": "contributor"},
    "field-service": {"frida": "owner"},
    "it-operations": {"igor": "owner"},
}
# Units above the teams, with those below them.
UNITS: dict[str, list[str]] = {
    "Group-Finance": ["finance-ml", "claims-api", "risk-analytics"],
    "Operations": ["customer-care", "supply-chain", "field-service", "it-operations"],
}
UNIT_PURPOSES = {
    "Group-Finance": "Accounting, treasury, claims and risk of the whole group.",
    "Operations": "Everything between an order and a satisfied customer.",
}
LEAVER, LEFT_TEAM = "yara", "customer-care"  # was here, left, and left things behind
ROLES: dict[str, list[tuple[str, str]]] = {
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
LEADS = {"mina"}
OTHERS = ["stan"]
PURPOSES = {
    "finance-ml": "Models that read, match and forecast for accounting and treasury.",
    "legal-tech": "Models that read contracts and what supervisors write.",
    "sales": "Models about opportunities, prices and orders.",
    "claims-api": "The service that takes claims in and sends them on.",
    "platform-ai": "General models that other teams build on.",
    "hr-ml": "Models around learning and staffing.",
    "secret-lab": "Research that is not yet talked about.",
    "supply-chain": "Forecasts and routes from order to delivery.",
    "customer-care": "Models that help the contact center.",
    "risk-analytics": "Scores for credit and payments.",
    "marketing-data": "What campaigns did, and what to try next.",
    "quality-vision": "Cameras on the production line.",
    "field-service": "When machines out there need a visit.",
    "it-operations": "Alarms, logs and capacity.",
}
NAMES = {
    "bea": "Bea Lindqvist", "paul": "Paul Oduya", "petra": "Petra Havel", "nina": "Nina Castellanos", "lars": "Lars Thorsen",
    "jonas": "Jonas Weidmann", "sonja": "Sonja Marek", "ivo": "Ivo Radulescu", "ci-claims": "Claims pipeline", "pia": "Pia Nakamura",
    "hugo": "Hugo Ferreira", "sam": "Sam Okonkwo", "ada": "Ada Brandt", "sven": "Sven Halvorsen", "sara": "Sara Benali", "zoe": "Zoe Papadaki",
    "rita": "Rita Szabo", "marc": "Marc Delacroix", "mina": "Mina Farouk", "bo": "Bo Jensen", "tess": "Tess van Dijk", "timo": "Timo Laine",
    "priya": "Priya Raman", "lea": "Lea Fontana", "emil": "Emil Kowalski", "gus": "Gus Andersen", "aud": "Aud Pettersen", "root": "Rosa Ito",
    "stan": "Stan Novak", "wanda": "Wanda Pohl", "oskar": "Oskar Lund", "clara": "Clara Meunier", "dario": "Dario Conti", "ruth": "Ruth Adeyemi",
    "felix": "Felix Baumann", "maja": "Maja Horvat", "quentin": "Quentin Roux", "vera": "Vera Sokolova", "frida": "Frida Nyman",
    "igor": "Igor Petrov",
}  # fmt: skip
# Who can be signed in as, and why one would.
WHAT = {
    "bea": "business user in sales: finds and uses models",
    "nina": "contributor of finance-ml: publishes",
    "paul": "owner of finance-ml: decides who may use its models",
    "ivo": "owner of claims-api: uses models of others",
    "jonas": "contributor of legal-tech: submitted R-218",
    "tess": "technical reviewer",
    "ada": "security, reviews the track security",
    "sven": "security, reviews the track security",
    "sara": "security, reviews the track security",
    "rita": "model risk reviewer",
    "marc": "model risk reviewer",
    "mina": "model risk lead",
    "bo": "business owner reviewer",
    "priya": "data privacy reviewer",
    "lea": "legal reviewer",
    "emil": "AI ethics reviewer",
    "gus": "governance: policies, retirements",
    "aud": "auditor: reads everything, changes nothing",
    "root": "administrator",
    "sonja": "owner of sales",
    "sam": "owner of secret-lab: models that others cannot see",
    "stan": "in no team",
}


@dataclass(frozen=True)
class People:
    """Everybody by user name, and the teams by name."""

    people: Mapping[str, User]
    teams: Mapping[str, Team]

    def __getitem__(self, username: str) -> User:
        """Return a person."""
        return self.people[username]

    def owner_of(self, team: str) -> User:
        """Return the first owner of a team."""
        return self.people[next(name for name, role in all_teams()[team].items() if role == "owner")]

    def maker_in(self, team: str, turn: int) -> User:
        """Return one of those who publish for a team."""
        makers = [name for name, role in all_teams()[team].items() if role != "viewer"]
        return self.people[makers[turn % len(makers)]]


def all_teams() -> dict[str, dict[str, str]]:
    """Return every team with its members and their roles."""
    return TEAMS | MORE_TEAMS


def everybody() -> list[str]:
    """Return all user names."""
    return sorted({name for members in all_teams().values() for name in members} | ROLES.keys() | set(OTHERS))


def settle_people() -> People:
    """Add whoever is missing; colleagues whom nobody signs in as have no password."""
    known = {user.username: user for user in User.objects.filter(username__in=everybody())}
    for username in everybody():
        if username not in known:
            kind = Kind.SERVICE if username.startswith("ci-") else Kind.PERSON
            known[username] = add_person(username, by=None, name=NAMES[username], email=f"{username}@example.com", kind=kind)
    # One password, one hash: hashing it slowly for each of two dozen people would hide nothing.
    without = User.objects.filter(username__in=[*WHAT, *ROLES], password__startswith=UNUSABLE_PASSWORD_PREFIX)
    if without.exists():
        without.update(password=make_password(PASSWORD))
    teams = {team.name: team for team in Team.objects.select_related("group").filter(name__in=all_teams())}
    for name in all_teams():
        if name not in teams:
            teams[name] = create_team(name, by=None, purpose=PURPOSES[name])
    settle_places(known, teams)
    settle_units(teams)
    return People(known, teams)


def settle_places(people: Mapping[str, User], teams: Mapping[str, Team]) -> None:
    """Give everybody the places they do not have yet."""
    members = set(Membership.objects.filter(team__in=list(teams.values())).values_list("team__name", "user__username"))
    for name, places in all_teams().items():
        for username, role in places.items():
            if (name, username) not in members:
                add_member(teams[name], people[username], role=role, by=None)
    held = set(OrganizationRole.objects.filter(user__username__in=ROLES).values_list("user__username", "role", "track"))
    for username, roles in ROLES.items():
        for role, track in roles:
            if (username, role, track) not in held:
                give_role(people[username], role, track=track, by=None, is_lead=username in LEADS)


def settle_units(teams: Mapping[str, Team]) -> None:
    """Place the teams under their units, where nobody placed them elsewhere."""
    units = {unit.name: unit for unit in Team.objects.filter(name__in=UNITS)}
    for name, below in UNITS.items():
        unit = units.get(name) or create_team(name, by=None, purpose=UNIT_PURPOSES[name])
        if name not in units:
            for team in below:
                place_team(teams[team], unit, by=None)


def accounts() -> list[dict[str, str]]:
    """Return whom one can sign in as, for those who start the demo."""
    return [{"username": name, "password": PASSWORD, "what": what} for name, what in WHAT.items()]
