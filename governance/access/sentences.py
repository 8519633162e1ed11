"""What people are told about access: in which words, with which link."""

from datetime import datetime

from django.utils.formats import date_format

from catalog.registry.models import AccessGrant
from governance.access.models import AccessPart, AccessRequest
from governance.access.states import Step
from governance.access.wishes import day_of

MY_ACCESS = "/me/access"


def day(moment: datetime | None) -> str:
    """A day in words."""
    return date_format(day_of(moment), "j M Y") if moment else ""


def request_path(request: AccessRequest) -> str:
    """The page of a request."""
    return f"/access/{request.number}"


def holder_of(request: AccessRequest) -> str:
    """Whom a request is for."""
    return f"team {request.team.name}" if request.team else str(request.user)


def asked_for(request: AccessRequest) -> str:
    """Whom a request is for, after the name of whoever asks."""
    return "themselves" if request.user_id is not None and request.user_id == request.asked_by_id else holder_of(request)


def about_part(part: AccessPart) -> str:
    """The key under which calls to decide on a part are grouped."""
    return f"access:{part.pk}"


def about_request(request: AccessRequest) -> str:
    """The key under which news about a request is grouped."""
    return f"access-request:{request.pk}"


def about_confirmation(grant: AccessGrant, answer_by: datetime, threshold: int) -> str:
    """The key of one warning of one question whether a grant is still needed."""
    return f"still-needed:{grant.pk}:{answer_by:%Y%m%d}:{threshold}"


def waits(part: AccessPart, step: str) -> str:
    """The sentence for those who can decide."""
    request = part.request
    due = f", due {date_format(part.due_at, 'j M')}" if part.due_at else ""
    privacy = " Data privacy decides, because of its data." if step == Step.PRIVACY else ""
    return f"{request}: {request.asked_by} asks for {part.model} for {asked_for(request)} ({request.use_case}){due}.{privacy}"


def overdue(part: AccessPart) -> str:
    """The daily reminder of a decision that is late."""
    return f"{part.request} for {part.model} should have been decided by {day(part.due_at)}. {part.request.asked_by} is waiting."


def stuck(part: AccessPart, step: str) -> str:
    """The sentence for governance when nobody can decide."""
    office = f"another owner of team {part.model.team.name}" if step == Step.OWNER else "another reviewer of data privacy"
    return f"Nobody can decide on {part.request} for {part.model}: name {office} who did not ask for it."


def granted(part: AccessPart, until: datetime | None) -> str:
    """The sentence for the requester when access is there."""
    return f"{holder_of(part.request).capitalize() if part.request.team else holder_of(part.request)} may use {part.model} until {day(until)}."


def shortened(part: AccessPart, *, until: datetime, environment: str, data_class: str) -> str:
    """What of the wish was not granted; empty when all of it was."""
    request, less = part.request, []
    if until < request.until:
        less.append(f"until {day(until)} instead of {day(request.until)}")
    if environment != request.environment:
        less.append(f"{environment} instead of {request.environment}")
    if data_class != request.data_class:
        less.append(f"data: {data_class} instead of {request.data_class}")
    return f"Less than was asked for: {', '.join(less)}." if less else ""


def denied(part: AccessPart, reason: str) -> str:
    """The sentence for the requester when it was denied."""
    again = f" Ask again from {date_format(part.again_after, 'j M Y')} on." if part.again_after else ""
    return f"{part.model} was denied in {part.request}: {reason[:220]}{again}"


def questioned(part: AccessPart, text: str) -> str:
    """The sentence for the requester when somebody asks back."""
    return f"{part.request} for {part.model} waits for your answer: {text[:260]}"


def still_needed(grant: AccessGrant, answer_by: datetime) -> str:
    """The question to the holder of a grant."""
    who = f"team {grant.team.name}" if grant.team else "you"
    return (
        f"Is {grant.thing} still in use by {who} for {grant.use_case}, its purpose unchanged? Say so on My access; "
        f"without an answer the access ends on {day(answer_by)}."
    )


def lapsed(grant: AccessGrant) -> str:
    """The sentence for the holder when silence ended a grant."""
    who = f"team {grant.team.name}" if grant.team else "you"
    return f"Nobody said that {grant.thing} is still needed by {who} for {grant.use_case}, so the access has ended. Ask for it again if it is."
