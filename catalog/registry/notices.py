"""Telling people about requests to bring in a model, and ending what somebody held who left; called with the event that happened."""

import json
from collections.abc import Sequence

from django.db import transaction

from catalog.registry.actions import end_grants_of, end_these
from catalog.registry.held import personal_grants
from catalog.registry.models import AccessGrant, ModelVersion, RegisteredModel
from catalog.registry.service_accounts import accounts_answered_for_by
from marketplace.accounts.queries import owners_of, people_by_pseudonym
from marketplace.activity.models import Event
from marketplace.activity.queries import events_about
from marketplace.notifications.actions import notify, withdraw_notices
from marketplace.notifications.models import Level
from marketplace.permissions.needs import Need
from marketplace.permissions.queries import allowed


@transaction.atomic
def tell_owners(event: Event) -> int:
    """Tell the owners of a listed model that somebody asks for it."""
    model = RegisteredModel.objects.select_related("team").filter(pk=event.subject_id).first()
    if model is None:
        return 0
    asker = people_by_pseudonym({str(event.actor)}).get(str(event.actor))
    text = f"{asker or 'Somebody'} asks to bring in {model}. The reason is on its settings page; add a version to bring it in."
    about = f"bring-in:{model.pk}"
    return notify(owners_of(model.team_id), level=Level.NEEDS_YOU, verb=event.verb, about=about, text=text, url=f"/m/{model}/settings", by=asker)


def end_grants(event: Event) -> int:
    """Somebody left: the grants that only they held end with it."""
    person = people_by_pseudonym({event.subject_id}).get(event.subject_id)
    return end_grants_of(person) if person is not None else 0


def end_grants_for_team(event: Event) -> int:
    """Somebody left a team: the grants that only they held for its use cases end with it."""
    return end_grants_for_teams([event])


def end_grants_for_teams(events: Sequence[Event]) -> int:
    """Many left a team, or several: found by one question for all of them."""
    left = {(json.loads(event.body)["details"]["person"], int(event.subject_id)) for event in events}
    return end_these(grant for grant in personal_grants({who for who, _ in left}, {team for _, team in left}) if _pair(grant) in left)


def _pair(grant: AccessGrant) -> tuple[str, int]:
    return str(grant.user.person) if grant.user else "", grant.use_case.team_id


@transaction.atomic
def tell_askers(event: Event) -> int:
    """Tell whoever asked for a listed model, and still sees it, that its first version was added."""
    version = ModelVersion.objects.select_related("model__team").filter(pk=event.subject_id).first()
    if version is None:
        return 0
    model = version.model
    actors = {str(e.actor) for e in events_about(model).filter(verb="model.brought_in") if e.actor}
    text = f"You asked to bring in {model}: version {version.version} was added. It can be used once it is approved."
    people = [person for person in people_by_pseudonym(actors).values() if allowed(person, Need.VIEW, model)]
    withdraw_notices(f"bring-in:{model.pk}")
    return notify(people, level=Level.AFFECTS_YOU, verb=event.verb, about=f"brought-in:{model.pk}", text=text, url=f"/m/{model}", once=True)


@transaction.atomic
def tell_of_leaver(event: Event) -> int:
    """Tell the owners of a team that whoever answered for its service accounts left it."""
    told = 0
    for account in accounts_answered_for_by(str(json.loads(event.body)["details"]["person"]), int(event.subject_id)):
        name, team = account.user.username, account.team.name
        text = f"{account.accountable} left team {team} and answered for its service account {name}. Name somebody else; it works on meanwhile."
        about, url = f"service-account:{account.pk}", f"/teams/{team}/tokens/{name}"
        told += notify(owners_of(account.team_id), level=Level.NEEDS_YOU, verb=event.verb, about=about, text=text, url=url)
    return told


@transaction.atomic
def settle_accountable(event: Event) -> int:
    """Somebody answers for a service account again, or it was ended: nobody has to act."""
    return withdraw_notices(f"service-account:{event.subject_id}")
