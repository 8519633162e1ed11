"""Telling governance and administrators what somebody who left leaves behind: teams without owner, open duties, a role that nobody else holds."""

import json

from django.db import transaction

from marketplace.accounts.identity.actions import BY_DIRECTORY
from marketplace.accounts.leaving import duties_of
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


@transaction.atomic
def tell_of_open_duties(event: Event) -> int:
    """Tell administrators what somebody left open whom the directory closed: nobody looked at the list before, as they do when it is done by hand."""
    person = people_by_pseudonym({event.subject_id}).get(event.subject_id)
    if person is None or person.is_active or json.loads(event.body)["details"].get("reason") != BY_DIRECTORY:
        return 0
    count = sum(part.count for part in duties_of(person, viewer=person))
    if not count:
        return 0
    open_things = "one open thing" if count == 1 else f"{count} open things"
    return notify(
        holders_of(OrgRole.ADMINISTRATOR),
        level=Level.NEEDS_YOU,
        verb=event.verb,
        about=f"leaver:{person.pk}",
        text=f"The directory closed the account of {person}, who leaves {open_things}. Hand them over on the page of the person.",
        url=f"/admin/people/{person.username}",
    )


@transaction.atomic
def tell_last_administrator(event: Event) -> int:
    """Ask the last administrator for another one, because the directory no longer names them."""
    person = people_by_pseudonym({event.subject_id}).get(event.subject_id)
    if person is None:
        return 0
    return notify(
        [person],
        level=Level.NEEDS_YOU,
        verb=event.verb,
        about=f"last-administrator:{person.pk}",
        text="The directory no longer names you as administrator. You stay the last administrator until you make somebody else one.",
        url="/admin/roles",
    )
