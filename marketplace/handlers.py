"""What follows from what, on the ground: whom the directory would have taken stays and people are told; a leaver's tokens end."""

from marketplace.accounts.keys.actions import end_tokens_of_leaver, end_tokens_of_leavers
from marketplace.accounts.models import Team
from marketplace.accounts.queries import holders_of
from marketplace.activity.models import Event
from marketplace.activity.queries import overdue
from marketplace.activity.subscribers import on
from marketplace.local import doctor
from marketplace.notifications.actions import notify
from marketplace.notifications.models import Level
from marketplace.notifications.teams import tell_last_administrator, tell_of_open_duties, tell_of_teams_without_owner
from marketplace.permissions.needs import OrgRole


def tell_administrators(event: Event) -> int:
    """Ask administrators for a new owner."""
    team = Team.objects.filter(pk=event.subject_id).first()
    if team is None:
        return 0
    return notify(
        holders_of(OrgRole.ADMINISTRATOR),
        level=Level.NEEDS_YOU,
        verb=event.verb,
        about=f"team:{team.pk}:owner",
        text=f"{team.name} would have lost its last owner: the directory no longer names them. They stay until you make somebody else an owner.",
        url=f"/teams/{team.name}",
    )


def deliveries() -> doctor.Answer:
    """Whether every listener heard what it has to hear; what failed is tried again, each time later."""
    waiting = overdue()
    found = f"{waiting} failed and wait to be tried again" if waiting else "none failed"
    return doctor.Answer("deliveries", found, doctor.REMEDIES[deliveries] if waiting else "")


def connect() -> None:
    """Subscribe to what the ground reacts to; called once when the app is ready."""
    doctor.also(deliveries, "Look for `listener_failed` in the log of the worker; each is tried again by itself once its cause is gone.")
    on("team.last_owner_kept", tell_administrators)
    on("role.last_administrator_kept", tell_last_administrator)
    on("person.deactivated", tell_of_open_duties)
    on("team.member_removed", end_tokens_of_leaver, within=True, many=end_tokens_of_leavers)
    for verb in ("person.deactivated", "person.erased"):
        on(verb, tell_of_teams_without_owner)
