"""Telling governance and administrators that a team lost its last owner."""

from django.db import transaction

from marketplace.accounts.queries import holders_of, last_ownerships_of, people_by_pseudonym
from marketplace.activity.models import Event
from marketplace.notifications.actions import notify
from marketplace.notifications.models import Level
from marketplace.permissions.needs import OrgRole


@transaction.atomic
def tell_of_teams_without_owner(event: Event) -> int:
    """Tell whoever can mend it about each team whose only owner has left; nobody when the person is back by now."""
    person = people_by_pseudonym({event.subject_id}).get(event.subject_id)
    if person is None or person.is_active:
        return 0
    people = {user.pk: user for role in (OrgRole.GOVERNANCE, OrgRole.ADMINISTRATOR) for user in holders_of(role)}
    told = 0
    for team in last_ownerships_of(person):
        text = f"Team {team.name} has no owner any more: its last one left. An administrator can make somebody an owner on its page."
        told += notify(
            people.values(),
            level=Level.NEEDS_YOU,
            verb=event.verb,
            about=f"team-without-owner:{team.pk}",
            text=text,
            url=f"/teams/{team.name}",
            urgent=True,
        )
    return told
