"""Asking for access, answering a question about it, taking it back."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format

from catalog.registry.models import AccessGrant, RegisteredModel, UseCase
from catalog.registry.states import DataClass, Environment
from governance.access.actions.giving import grant_by_rule
from governance.access.models import AccessPart, AccessReply, AccessRequest
from governance.access.permissions import require_asker, require_subject
from governance.access.queries import (
    held_already,
    is_automatic,
    is_covered,
    last_day,
    nobody_decides,
    open_part,
    questions_of,
    refused_until,
    runs_in_more,
    terms_in_effect,
    use_cases_to_ask_for,
    uses_approved,
)
from governance.access.questions import Answer, checked_answers
from governance.access.states import PART_MOVES, STILL_OPEN, WAITING, PartState
from governance.access.wishes import Wish, day_of, end_of
from governance.policies.rules import AccessTerms
from governance.reviews.clock import add_working_days
from marketplace.accounts.models import Team, User
from marketplace.accounts.queries import owners_of
from marketplace.activity.actions import record
from marketplace.errors import Conflict, Invalid
from marketplace.identifiers import hides_something
from marketplace.lifecycle import move
from marketplace.permissions.needs import Need
from marketplace.permissions.queries import require

MOST_MODELS, LONGEST_VOLUME, LONGEST_NOTE, LONGEST_REPLY = 20, 200, 2_000, 2_000
Answers = Mapping[str, Mapping[str, Any]]


@transaction.atomic
def ask_for_access(
    models: Sequence[RegisteredModel],
    *,
    by: User,
    use_case: UseCase,
    environment: str,
    data_class: str,
    until: date,
    user: User | None = None,
    team: Team | None = None,
    volume: str = "",
    note: str = "",
    answers: Answers | None = None,
    renews: AccessGrant | None = None,
) -> AccessRequest:
    """Ask that a person or a team may use models; each model's owners decide their part, and a rule may grant it at once.

    `answers` are by `team/model`, then by key of the question.
    """
    _require_right_to_ask(models, by, use_case, user=user, team=team)
    wish = Wish(use_case, environment, data_class, until, user=user, team=team, volume=volume.strip(), note=note.strip())
    if renews is not None and renews.thing_id not in {model.pk for model in models}:
        raise Invalid("The request was not sent.", fields={"renews": ["This grant is for another model."]})
    terms = terms_in_effect()
    kept = _checked(models, wish, terms, answers or {})
    _refuse_what_stands(models, wish)
    request = AccessRequest.objects.create(
        use_case=use_case,
        asked_by=by,
        user=user,
        team=team,
        environment=environment,
        data_class=data_class,
        until=end_of(until),
        volume=wish.volume,
        note=wish.note,
        renews=renews,
    )
    request.refresh_from_db(fields=["created_at"])
    parts = [_open(request, model, wish, kept[model.pk], terms) for model in models]
    record(
        "access.asked",
        request,
        by=by,
        texts={"note": wish.note},
        models=[str(model) for model in models],
        use_case=use_case,
        to=user or team,
        environment=environment,
        data_class=data_class,
        until=request.until,
        renews=renews.pk if renews else None,
    )
    _route(parts, wish)
    return request


def _require_right_to_ask(models: Sequence[RegisteredModel], by: User, use_case: UseCase, *, user: User | None, team: Team | None) -> None:
    """Refuse what the asker may not ask for: models they do not see, uses of others, subjects they do not stand for."""
    for model in models:
        require(by, Need.VIEW, model)
    if user is None and team is None:
        raise Invalid("The request was not sent.", fields={"team": ["Name the team it is for, or a person."]})
    if user is not None and team is not None:
        raise Invalid("The request was not sent.", fields={"team": ["Name either a team or a person, not both."]})
    if not use_cases_to_ask_for(by, models).filter(pk=use_case.pk).exists() and use_case.is_open:
        raise Invalid("The request was not sent.", fields={"use_case": ["Choose a use case of one of your teams, or one that is approved."]})
    require_subject(by, use_case, user=user, team=team)


def _route(parts: Sequence[AccessPart], wish: Wish) -> None:
    """Grant at once what the rules grant; say it loudly where nobody can decide."""
    for part in parts:
        if is_automatic(part.model, wish, asker=part.request.asked_by):
            grant_by_rule(part)
        elif nobody_decides(part):
            record("access.unreachable", part.request, by=None, part=part.pk, model=part.model)


def _open(request: AccessRequest, model: RegisteredModel, wish: Wish, answers: dict[str, Answer], terms: AccessTerms) -> AccessPart:
    """Write what is asked of one model; the database lets only one such request be open."""
    due = add_working_days(timezone.now(), terms.decide_in_working_days)
    try:
        with transaction.atomic():
            return AccessPart.objects.create(request=request, model=model, asks_for=wish.key, answers=answers, due_at=due)
    except IntegrityError as taken:
        raise _asked_already(model, wish) from taken


def _asked_already(model: RegisteredModel, wish: Wish) -> Conflict:
    known = open_part(model, wish)
    number = known.request.number if known else ""
    return Conflict(
        f"{number or 'Another request'} asks for the very same already: {model} for {wish.holder}.",
        hint=f"Follow it under /access/{number}, or withdraw it first." if number else "Reload the page.",
        code="asked-already",
        request=number,
    )


def _refuse_what_stands(models: Sequence[RegisteredModel], wish: Wish) -> None:
    """Raise Conflict when the holder has it already as long as wished, when it is being asked for, or when it was denied a short time ago."""
    today = day_of(timezone.now())
    held = held_already(models, wish)
    for model in models:
        grant = held.get(model.pk)
        if grant is not None and grant.until >= end_of(wish.until):
            raise Conflict(
                f"{wish.holder.capitalize() if wish.team else wish.holder} may use {model} for {wish.use_case} already, "
                f"until {date_format(day_of(grant.until), 'j M Y')}.",
                hint=whom_to_ask(grant),
                code="granted-already",
                until=grant.until.isoformat(),
            )
        if open_part(model, wish) is not None:
            raise _asked_already(model, wish)
        if again := refused_until(model, wish, today=today):
            raise Conflict(
                f"The very same was denied for {model}.",
                hint=f"Ask again from {date_format(again, 'j M Y')} on, or ask for something else.",
                code="denied-lately",
                again_after=again.isoformat(),
            )


def whom_to_ask(grant: AccessGrant) -> str:
    """Say who can let somebody share a grant, or prolong it."""
    if grant.team is None:
        return "Renew it on the page My access before it ends."
    owners = ", ".join(str(person) for person in owners_of(grant.team.pk)) or "an administrator"
    return f"Ask {owners} (team {grant.team.name}) to add you to the team; who is in it renews on the page My access."


def _checked(models: Sequence[RegisteredModel], wish: Wish, terms: AccessTerms, answers: Answers) -> dict[int, dict[str, Answer]]:
    """Return the answers for each model, or raise Invalid with everything that is wrong with the wish."""
    problems = _problems_of(models, wish, terms)
    names = {str(model).lower(): model for model in models}
    problems |= {f"answers.{name[:200]}": ["This model is not asked for."] for name in answers if name.lower() not in names}
    kept: dict[int, dict[str, Answer]] = {}
    by_name = {name.lower(): given for name, given in answers.items()}
    for name, model in names.items():
        kept[model.pk], wrong = checked_answers(questions_of(model), by_name.get(name, {}))
        problems |= {f"answers.{model}.{key}": [sentence] for key, sentence in wrong.items()}
    if "environment" not in problems and "data_class" not in problems and (open_uses := uncovered(models, wish)):
        problems["use_case"] = open_uses
    if problems:
        raise Invalid("The request was not sent.", fields=problems)
    return kept


def uncovered(models: Sequence[RegisteredModel], wish: Wish) -> list[str]:
    """Say of each model that no approval covers the wish, and what to do: that is a matter of review, not of access."""
    approved = uses_approved(models)
    return [
        f"No approval of {model} covers {wish.use_case} in {Environment(wish.environment).label.lower()} "
        f"(data: {DataClass(wish.data_class).label.lower()}). Ask team {model.team.name} to have it approved for this use; that goes to review."
        for model in models
        if not is_covered(approved[model.pk], wish)
    ]


def _problems_of(models: Sequence[RegisteredModel], wish: Wish, terms: AccessTerms) -> dict[str, list[str]]:
    """Name every value of the wish itself that does not fit."""
    problems: dict[str, list[str]] = {}
    if not 1 <= len(models) <= MOST_MODELS or len({model.pk for model in models}) != len(models):
        problems["models"] = [f"Name 1 to {MOST_MODELS} different models."]
    problems |= _problems_of_scope(wish)
    now = timezone.now()
    latest = last_day(models, terms, now=now)
    if wish.until < day_of(now):
        problems["until"] = ["The day must not lie in the past."]
    elif wish.until > latest:
        problems["until"] = [f"At most until {date_format(latest, 'j M Y')} ({latest.isoformat()}): that is how long access is given here."]
    if len(wish.volume) > LONGEST_VOLUME or hides_something(wish.volume):
        problems["volume"] = [f"Use one line of at most {LONGEST_VOLUME} characters."]
    if len(wish.note) > LONGEST_NOTE:
        problems["note"] = [f"Use at most {LONGEST_NOTE} characters."]
    return problems


def _problems_of_scope(wish: Wish) -> dict[str, list[str]]:
    """Name an environment or a data class that does not exist, or opens nothing for the service account it is for."""
    scope = (("environment", wish.environment, Environment), ("data_class", wish.data_class, DataClass))
    problems = {field: [f"Use one of {', '.join(choices.values)}."] for field, value, choices in scope if value not in choices.values}
    if "environment" not in problems and (runs_in := runs_in_more(wish.user, wish.environment)):
        problems["environment"] = [f"{wish.user} runs in {runs_in}; access in {wish.environment} would open nothing for it. Ask for {runs_in}."]
    return problems


@transaction.atomic
def answer_question(part: AccessPart, text: str, *, by: User) -> AccessPart:
    """Answer the question that was asked; the clock goes on."""
    part = AccessPart.objects.select_for_update(of=("self",)).select_related("request__asked_by", "model__team").get(pk=part.pk)
    require_asker(by, part.request)
    text = text.strip()
    if not 1 <= len(text) <= LONGEST_REPLY:
        raise Invalid("The answer was not sent.", fields={"text": [f"Answer in 1 to {LONGEST_REPLY} characters."]})
    if part.state != PartState.ASKED or part.paused_at is None:
        raise Conflict(f"No question is open on {part}.", hint="Reload to see where it stands.")
    due = part.due_at + (timezone.now() - part.paused_at) if part.due_at else None
    move(part, WAITING[part.asked_at_step], allowed=PART_MOVES, asked_at_step="", paused_at=None, due_at=due)
    AccessReply.objects.create(part=part, by=by, text=text)
    record("access.answered", part.request, by=by, texts={"text": text}, part=part.pk, model=part.model)
    return part


@transaction.atomic
def withdraw_request(request: AccessRequest, *, by: User) -> AccessRequest:
    """Take back everything of a request that is not decided yet."""
    require_asker(by, request)
    parts = AccessPart.objects.select_for_update(of=("self",)).filter(request=request, state__in=sorted(STILL_OPEN))
    open_parts = list(parts.select_related("model__team", "request").order_by("pk"))
    if not open_parts:
        raise Conflict(f"{request} is decided; there is nothing to withdraw.", hint="Give access back on the page My access.")
    for part in open_parts:
        move(part, PartState.WITHDRAWN, allowed=PART_MOVES, closed_at=timezone.now(), asked_at_step="", paused_at=None)
    record("access.withdrawn", request, by=by, parts=[part.pk for part in open_parts], models=[str(part.model) for part in open_parts])
    return request
