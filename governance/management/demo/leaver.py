"""Somebody who left: a colleague who answered for a model and owned a use case, and was deactivated before anybody handed it over."""

from django.db import transaction

from catalog.registry.actions import change_model, create_use_case
from catalog.registry.models import RegisteredModel, UseCase
from governance.management.demo.people import LEAVER, LEFT_TEAM, People
from marketplace.accounts.actions import add_member, add_person, deactivate_person
from marketplace.accounts.models import User

USE_CASE = "Reply suggestions in chat"


@transaction.atomic
def let_one_leave(people: People) -> bool:
    """Tell the story once; say whether it was told now."""
    if User.objects.filter(username=LEAVER).exists():
        return False
    team = people.teams[LEFT_TEAM]
    person = add_person(LEAVER, by=None, name="Yara Lindgren", email=f"{LEAVER}@example.com")
    add_member(team, person, role="contributor", by=people.owner_of(LEFT_TEAM))
    if not UseCase.objects.filter(team=team, name=USE_CASE).exists():
        create_use_case(USE_CASE, team=team, by=person)
    model = RegisteredModel.objects.select_related("team").filter(team=team).order_by("pk").first()
    if model is not None:
        change_model(model, by=people.owner_of(LEFT_TEAM), accountable=person)
    deactivate_person(person, by=people["root"])
    return True
