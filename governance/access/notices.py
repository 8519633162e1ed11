"""Telling people about access; the handlers of the building call it with the event that happened."""

from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.registry.models import AccessGrant
from governance.access.models import AccessPart, AccessRequest
from governance.access.permissions import deciders_of, step_of
from governance.access.sentences import (
    MY_ACCESS,
    about_confirmation,
    about_part,
    about_request,
    denied,
    granted,
    questioned,
    request_path,
    shortened,
    still_needed,
    stuck,
    waits,
)
from governance.access.states import Choice, PartState
from marketplace.accounts.models import User
from marketplace.accounts.queries import holders_of, owners_of, people_by_pseudonym
from marketplace.activity.models import Event
from marketplace.activity.queries import details_of
from marketplace.notifications.actions import notify, withdraw_notices
from marketplace.notifications.models import Level
from marketplace.permissions.needs import OrgRole

# Days before the end of the answer time at which the holder of a grant is asked: at once, and two warnings.
CONFIRMATION_DAYS = (1, 7, 14)


def parts_of(event: Event) -> list[AccessPart]:
    """The parts an event is about: the one it names, those it names, or all of its request."""
    details = details_of(event)["details"]
    rows = AccessPart.objects.filter(request=int(event.subject_id)).prefetch_related("decisions")
    if "part" in details or "parts" in details:
        rows = rows.filter(pk__in=details.get("parts") or [details["part"]])
    return list(rows.select_related("model__team", "grant", "request__asked_by", "request__user", "request__team", "request__use_case"))


def requesters_of(request: AccessRequest) -> list[User]:
    """Whoever asked, and the person it is for."""
    return [person for person in (request.asked_by, request.user) if person is not None]


@transaction.atomic
def tell_deciders(event: Event) -> int:
    """Tell those who can decide on what waits now, and nobody else any more; tell governance where nobody can."""
    told = 0
    for part in parts_of(event):
        step = step_of(part)
        if not step or part.state == PartState.ASKED:
            continue
        able = list(deciders_of(part, step))
        common: dict[str, Any] = {"level": Level.NEEDS_YOU, "verb": event.verb, "about": about_part(part), "url": request_path(part.request)}
        withdraw_notices(about_part(part), people=User.objects.exclude(pk__in=[person.pk for person in able]))
        told += notify(able, text=waits(part, step), **common)
        if not able:
            told += notify(holders_of(OrgRole.GOVERNANCE), text=stuck(part, step), urgent=True, **common)
    return told


@transaction.atomic
def settle_calls(event: Event) -> int:
    """Take away the calls to decide on parts that wait for nobody's decision, and to answer where there is no question."""
    settled = 0
    for part in parts_of(event):
        if part.state not in {PartState.WAITING_OWNER, PartState.WAITING_PRIVACY}:
            settled += withdraw_notices(about_part(part))
        if part.state != PartState.ASKED:
            settled += withdraw_notices(f"access-question:{part.pk}")
    return settled


@transaction.atomic
def tell_requester(event: Event) -> int:
    """Tell whoever asked what was said to it."""
    told = 0
    by = people_by_pseudonym({str(event.actor)}).get(str(event.actor)) if event.actor else None
    for part in parts_of(event):
        common: dict[str, Any] = {"verb": event.verb, "url": request_path(part.request), "urgent": True, "by": by}
        if event.verb == "access.questioned" and part.state == PartState.ASKED:
            about = f"access-question:{part.pk}"
            told += notify(requesters_of(part.request)[:1], level=Level.NEEDS_YOU, text=questioned(part, last_said(part)), about=about, **common)
        elif text := outcome_of(part):
            told += notify(
                requesters_of(part.request), level=Level.AFFECTS_YOU, text=text, about=f"{about_request(part.request)}:{part.pk}", **common
            )
    return told


def outcome_of(part: AccessPart) -> str:
    """What became of a part that is decided, in a sentence; empty while it is not."""
    if part.state == PartState.DENIED:
        return denied(part, last_said(part))
    if part.state != PartState.GRANTED or part.grant is None:
        return ""
    yes = [d for d in part.decisions.all() if d.choice == Choice.GRANT][-1]
    assert yes.until is not None  # noqa: S101 - a yes has its terms, says the database
    less = shortened(part, until=yes.until, environment=yes.environment, data_class=yes.data_class)
    return f"{granted(part, part.grant.until)} {less}".strip()


def last_said(part: AccessPart) -> str:
    """The last reason that somebody gave."""
    return next((d.reason for d in reversed(part.decisions.all())), "")


def answerable_for(grant: AccessGrant) -> list[User]:
    """Who says whether a grant is still needed: the person who holds it, or the owners of the team; for a service account the owners of its teams."""
    if grant.team_id is not None:
        return list(owners_of(grant.team_id))
    if grant.user is not None and grant.user.is_person:
        return [grant.user]
    teams = grant.user.memberships.values_list("team", flat=True) if grant.user else []
    return list({person.pk: person for team in teams for person in owners_of(team)}.values())


def ask_whether_needed(grant: AccessGrant, answer_by: datetime, threshold: int) -> int:
    """Ask the holder of a grant, each threshold once."""
    return notify(
        answerable_for(grant),
        level=Level.NEEDS_YOU,
        verb="grant.questioned",
        about=about_confirmation(grant, answer_by, threshold),
        text=still_needed(grant, answer_by),
        url=MY_ACCESS,
        urgent=threshold == min(CONFIRMATION_DAYS),
        once=True,
    )


def settle_confirmation(grant: AccessGrant, answer_by: datetime | None) -> int:
    """Take the question away once it is answered or past."""
    if answer_by is None:
        return 0
    return sum(withdraw_notices(about_confirmation(grant, answer_by, days)) for days in CONFIRMATION_DAYS)
