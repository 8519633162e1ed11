"""Deciding on what was asked: grant, shorten, narrow, ask, deny."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from catalog.registry.queries import covers
from catalog.registry.states import DataClass, Environment
from governance.access.actions.giving import give
from governance.access.models import AccessDecision, AccessPart
from governance.access.permissions import needs_privacy, require_decider
from governance.access.queries import nobody_decides, runs_in_more, terms_in_effect
from governance.access.states import PART_MOVES, Choice, PartState, Step
from governance.access.wishes import day_of, end_of
from governance.reviews.clock import add_working_days
from marketplace.accounts.models import User
from marketplace.activity.actions import record
from marketplace.errors import Conflict, Invalid, NotAllowed
from marketplace.lifecycle import move

SHORTEST_REASON, LONGEST_REASON = 10, 2_000
AGAIN_DAYS, LONGEST_AGAIN_DAYS = 30, 365
MOST_TOGETHER = 50


@dataclass(frozen=True)
class Terms:
    """What a yes is given for."""

    until: datetime
    environment: str
    data_class: str


@dataclass(frozen=True)
class Said:
    """What somebody says to a part."""

    step: str
    choice: str
    reason: str = ""
    until: date | None = None
    environment: str = ""
    data_class: str = ""
    again_after: date | None = None


def decide_part(
    part: AccessPart,
    *,
    by: User,
    step: str,
    choice: str,
    reason: str = "",
    until: date | None = None,
    environment: str = "",
    data_class: str = "",
    again_after: date | None = None,
) -> AccessDecision:
    """Decide at one step: grant (as asked, shorter or narrower), ask the requester, or deny with the day to ask again from."""
    try:
        return _decide(part, Said(step, choice, reason.strip(), until, environment, data_class, again_after), by)
    except NotAllowed as refused:
        with transaction.atomic():
            why = refused.sentence.replace(str(by), "the person")
            record("access.refused", part.request, by=by, part=part.pk, step=step[:8], choice=choice[:8], why=why)
        raise


@transaction.atomic
def _decide(part: AccessPart, said: Said, by: User) -> AccessDecision:
    rows = AccessPart.objects.select_for_update(of=("self",))
    part = rows.select_related("model__team", "request__use_case__team", "request__asked_by", "request__user", "request__team").get(pk=part.pk)
    if said.step not in Step.values or said.choice not in Choice.values:
        raise Invalid("Nothing was decided.", fields=_unknown(said.step, said.choice))
    require_decider(by, part, said.step)
    if part.state == PartState.ASKED and said.choice != Choice.DENY:
        raise Conflict(f"{part} waits for an answer of {part.request.asked_by}.", hint="Wait for the answer, or deny it.", state=part.state)
    is_yes = said.choice == Choice.GRANT
    if is_yes and not part.request.use_case.is_open:
        raise Conflict(f"The use case {part.request.use_case} was closed meanwhile; nothing is used for it any more.", hint="Deny the request.")
    if len(said.reason) > LONGEST_REASON or (len(said.reason) < SHORTEST_REASON and not is_yes):
        sentence = f"Say why in {SHORTEST_REASON} to {LONGEST_REASON} characters; the requester reads it."
        raise Invalid("Nothing was decided.", fields={"reason": [sentence]})
    terms = narrowest(part, said) if is_yes else None
    given = {"until": terms.until, "environment": terms.environment, "data_class": terms.data_class} if terms else {}
    decision = AccessDecision.objects.create(part=part, step=said.step, choice=said.choice, by=by, reason=said.reason, **given)
    decision.refresh_from_db(fields=["created_at"])
    if terms is not None:
        _agree(part, terms, by=by, said=said)
    else:
        _say_no_or_ask(part, by=by, said=said)
    return decision


def _say_no_or_ask(part: AccessPart, *, by: User, said: Said) -> None:
    """Stop the clock for a question, or close the part."""
    about: dict[str, Any] = {"part": part.pk, "model": part.model, "step": said.step}
    if said.choice == Choice.ASK:
        move(part, PartState.ASKED, allowed=PART_MOVES, asked_at_step=said.step, paused_at=timezone.now())
        record("access.questioned", part.request, by=by, texts={"text": said.reason}, **about)
    else:
        again = _again(said.again_after)
        move(part, PartState.DENIED, allowed=PART_MOVES, closed_at=timezone.now(), again_after=again, asked_at_step="", paused_at=None)
        record("access.denied", part.request, by=by, texts={"reason": said.reason}, again_after=again, **about)


def _agree(part: AccessPart, terms: Terms, *, by: User, said: Said) -> None:
    """Pass on to data privacy what it decides about as well; else give the grant."""
    if said.step == Step.OWNER and needs_privacy(terms.data_class):
        due = add_working_days(timezone.now(), terms_in_effect().decide_in_working_days)
        move(part, PartState.WAITING_PRIVACY, allowed=PART_MOVES, due_at=due)
        record("access.agreed", part.request, by=by, texts={"reason": said.reason}, part=part.pk, model=part.model, step=said.step, until=terms.until)
        if nobody_decides(part):
            record("access.unreachable", part.request, by=None, part=part.pk, model=part.model)
        return
    owner = by if said.step == Step.OWNER else AccessDecision.objects.get(part=part, step=Step.OWNER, choice=Choice.GRANT).by
    give(part, until=terms.until, environment=terms.environment, data_class=terms.data_class, owner=owner, by=by)


def _unknown(step: str, choice: str) -> dict[str, list[str]]:
    wrong = {} if step in Step.values else {"step": [f"Use one of {', '.join(Step.values)}."]}
    return wrong if choice in Choice.values else wrong | {"choice": [f"Use one of {', '.join(Choice.values)}."]}


def narrowest(part: AccessPart, said: Said) -> Terms:
    """Return the terms of a yes: what was asked or agreed before, or less; Invalid for more."""
    before = part.decisions.filter(choice=Choice.GRANT).order_by("-pk").first()
    agreed = before or part.request
    assert agreed.until is not None  # noqa: S101 - a yes has its terms, says the database
    problems: dict[str, list[str]] = {}
    if said.until is not None and end_of(said.until) > agreed.until:
        problems["until"] = [f"The end may only be shortened: at most {date_format(day_of(agreed.until), 'j M Y')}."]
    if said.until is not None and said.until < day_of(timezone.now()):
        problems["until"] = ["The day must not lie in the past."]
    if said.until is None and agreed.until <= timezone.now():
        problems["until"] = ["The day that was asked for has passed. Deny it, and let them ask again."]
    if said.environment and not _is_within(said.environment, agreed.environment, Environment):
        problems["environment"] = [f"It may only be narrowed: use {agreed.environment} or less."]
    if said.data_class and not _is_within(said.data_class, agreed.data_class, DataClass):
        problems["data_class"] = [f"It may only be narrowed: use {agreed.data_class} or less."]
    if said.environment and "environment" not in problems and (runs_in := runs_in_more(part.request.user, said.environment)):
        problems["environment"] = [f"{part.request.user} runs in {runs_in}; access in {said.environment} would open nothing for it."]
    if problems:
        raise Invalid("Nothing was decided.", fields=problems)
    return Terms(end_of(said.until) if said.until else agreed.until, said.environment or agreed.environment, said.data_class or agreed.data_class)


def _is_within(value: str, most: str, choices: type[Environment] | type[DataClass]) -> bool:
    return value in choices.values and covers(most, value, choices)


def _again(wanted: date | None) -> date:
    """Return the day from which the same may be asked again."""
    today = day_of(timezone.now())
    day = wanted or today + timedelta(days=AGAIN_DAYS)
    if not today <= day <= today + timedelta(days=LONGEST_AGAIN_DAYS):
        raise Invalid("Nothing was decided.", fields={"again_after": [f"Name a day from today to {LONGEST_AGAIN_DAYS} days from now."]})
    return day


@transaction.atomic
def grant_together(parts: Sequence[AccessPart], *, by: User, reason: str = "") -> list[AccessDecision]:
    """Grant several requests as they were asked, all or none: only for the same model, use case and step."""
    kinds = {(part.model_id, part.request.use_case_id, part.state) for part in parts}
    if not parts or len(parts) > MOST_TOGETHER or len(kinds) != 1:
        raise Invalid(
            "Nothing was granted.",
            fields={"parts": [f"Choose 1 to {MOST_TOGETHER} requests for the same model and the same use case that wait for the same decision."]},
        )
    step = Step.PRIVACY if parts[0].state == PartState.WAITING_PRIVACY else Step.OWNER
    # In one order, so that two people who grant the same ones at once do not wait for each other.
    return [decide_part(part, by=by, step=step, choice=Choice.GRANT, reason=reason) for part in sorted(parts, key=lambda part: part.pk)]
