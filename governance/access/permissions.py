"""Who may ask for whom, who decides on what, and who may see a request."""

from typing import Any

from django.db.models import Q, QuerySet

from catalog.registry.models import RegisteredModel, ServiceAccount, UseCase
from catalog.registry.service_accounts import programs_behind_which, who_acts_through
from governance.access.models import AccessDecision, AccessPart, AccessRequest
from governance.access.states import PRIVACY_TRACK, PRIVATE_DATA, STILL_OPEN, Choice, PartState, Step
from marketplace.accounts.models import Kind, Membership, Team, User
from marketplace.accounts.queries import owners_of, reviewers_of
from marketplace.errors import Conflict, Invalid, NotAllowed
from marketplace.lifecycle import words
from marketplace.permissions.needs import OrgRole, TeamRole
from marketplace.permissions.queries import has_role, roles_of, tracks_of, visible, within_limits

OVERSEERS = (OrgRole.AUDITOR, OrgRole.GOVERNANCE)


def on_my_side(viewer: Any, prefix: str = "") -> Q:
    """Requests that somebody made, or that are for them or one of their teams."""
    mine = Q(**{f"{prefix}asked_by": viewer.pk}) | Q(**{f"{prefix}user": viewer.pk})
    return mine | Q(**{f"{prefix}team__in": list(roles_of(viewer))})


def owned_teams(viewer: Any) -> list[int]:
    """The teams whose owner somebody is."""
    return [team for team, role in roles_of(viewer).items() if role == TeamRole.OWNER]


def decides_on_privacy(viewer: Any) -> bool:
    """Reviewers of the track data privacy."""
    return PRIVACY_TRACK in tracks_of(viewer)


def parts_for(viewer: Any) -> QuerySet[AccessPart]:
    """The parts somebody may see: of what they or their teams asked for, of models their team owns, of what they decide on; overseers all.

    A model that is closed to a viewer takes its part with it, unless it is theirs to decide.
    """
    seen = visible(AccessPart.objects.order_by(), to=viewer, via="model")
    if not any(has_role(viewer, role) for role in OVERSEERS):
        seen = seen.filter(on_my_side(viewer, "request__") | Q(model__team__in=owned_teams(viewer)))
    may = Q(pk__in=seen.values("pk")) | Q(decisions__by=viewer.pk)
    if decides_on_privacy(viewer):
        may |= Q(request__data_class__in=sorted(PRIVATE_DATA)) & ~Q(state=PartState.WAITING_OWNER)
    found = AccessPart.objects.filter(pk__in=AccessPart.objects.filter(may, within_limits(viewer, "model__")).order_by().values("pk"))
    return found.select_related(
        "model__team", "model__access_rule", "grant", "request__use_case__team", "request__asked_by", "request__user", "request__team"
    )


def step_of(part: AccessPart) -> str:
    """Whose answer a part waits for; empty once it is closed."""
    if part.state == PartState.ASKED:
        return part.asked_at_step
    return {PartState.WAITING_OWNER: Step.OWNER.value, PartState.WAITING_PRIVACY: Step.PRIVACY.value}.get(PartState(part.state), "")


def needs_privacy(data_class: str) -> bool:
    """Whether data privacy decides as well."""
    return data_class in PRIVATE_DATA


def barred(request: AccessRequest) -> set[int]:
    """Who never decides on a request: whoever made it, the person it is for, and whoever acts through these where they are programs."""
    sides = [side for side in (request.asked_by, request.user) if side is not None]
    programs = [side.pk for side in sides if not side.is_person]
    behind = who_acts_through(programs) if programs else {}
    return {side.pk for side in sides}.union(*behind.values())


def not_barred(viewer: Any) -> Q:
    """The same as a condition on parts."""
    programs = programs_behind_which(viewer).order_by().values("pk")
    mine = Q(request__asked_by=viewer.pk) | Q(request__user=viewer.pk)
    return ~(mine | Q(request__asked_by__in=programs) | Q(request__user__in=programs))


def makes_the_rule(person: Any, model: RegisteredModel) -> bool:
    """Whether somebody owns the model and so makes its rule, themselves or as whoever acts through a program."""
    if person.is_person:
        return model.team_id in owned_teams(person)
    behind = who_acts_through([person.pk]).get(person.pk, set())
    return owners_of(model.team_id).filter(pk__in={person.pk, *behind}).exists()


def deciders_of(part: AccessPart, step: str) -> QuerySet[User]:
    """The people who can say yes at a step: active persons who neither asked, nor get it themselves, nor said yes already."""
    said = AccessDecision.objects.filter(part=part.pk, choice=Choice.GRANT).exclude(by=None).values("by")
    rows = owners_of(part.model.team_id) if step == Step.OWNER else reviewers_of(PRIVACY_TRACK)
    return rows.filter(kind=Kind.PERSON).exclude(pk__in=barred(part.request)).exclude(pk__in=said)


def holds_the_office(viewer: Any, part: AccessPart, step: str) -> bool:
    """Whether somebody is of those who are asked at a step, whatever else bars them."""
    if not viewer.is_person:
        return False
    return roles_of(viewer).get(part.model.team_id) == TeamRole.OWNER if step == Step.OWNER else decides_on_privacy(viewer)


def may_decide(viewer: Any, part: AccessPart) -> bool:
    """Whether somebody can decide on a part now; asks nothing but what was read with it, and who acts through a program that it concerns."""
    step = step_of(part)
    if not step or not holds_the_office(viewer, part, step) or viewer.pk in barred(part.request):
        return False
    return not any(d.by_id == viewer.pk and d.choice == Choice.GRANT for d in part.decisions.all())


def require_decider(by: User, part: AccessPart, step: str) -> None:
    """Refuse whoever may not decide on this part at this step; says which rule it is, and 409 when the step is over."""
    if not by.is_person:
        raise NotAllowed("A service account never decides on access.", hint="A person who owns the model decides.", code="four-eyes")
    if by.pk in barred(part.request):
        whys = {part.request.user_id: "would get it", part.request.asked_by_id: "asked for it"}
        why = whys.get(by.pk, "acts through the service account that asked for it or would get it")
        raise NotAllowed(
            f"Four-eyes rule: {by} {why}, so somebody else decides.", hint=f"Ask another owner of team {part.model.team.name}.", code="four-eyes"
        )
    if not holds_the_office(by, part, step):
        who = f"owners of team {part.model.team.name}" if step == Step.OWNER else "reviewers of the track data privacy"
        raise NotAllowed(f"Only {who} decide on this; other roles give no vote.", hint="Leave it to them.")
    if step_of(part) != step:
        stands = f"is {words(part.state)}" if part.state not in STILL_OPEN else f"waits for {Step(step_of(part)).label.lower()}"
        raise Conflict(f"{part} {stands}: somebody was faster.", hint="Reload to see what was decided.", state=part.state)
    if AccessDecision.objects.filter(part=part.pk, by=by, choice=Choice.GRANT).exists():
        raise NotAllowed(f"Four-eyes rule: {by} said yes already; one person counts once.", hint="Another reviewer decides.", code="four-eyes")


def require_asker(by: User, request: AccessRequest) -> None:
    """Refuse whoever did not ask: withdrawing and answering belong to the requester and to owners of the team it is for."""
    if by.pk != request.asked_by_id and request.team_id not in owned_teams(by):
        raise NotAllowed(f"Only {request.asked_by}, who asked, and owners of the team it is for may do this.", hint=f"Ask {request.asked_by}.")


def require_subject(by: User, use_case: UseCase, *, user: User | None, team: Team | None) -> None:
    """Refuse a request for somebody whom the asker does not stand for."""
    mine = set(roles_of(by))
    if team is not None and team.pk not in mine:
        raise Invalid("The request was not sent.", fields={"team": ["Name one of your teams."]})
    if user is not None and user.pk != by.pk and not Membership.objects.filter(user=user, team__in=mine).exists():
        raise Invalid("The request was not sent.", fields={"user": ["Name yourself, or a person or service account in one of your teams."]})
    if user is not None and not user.is_person:
        own = ServiceAccount.objects.filter(user=user).select_related("use_case").first()
        if own is None or own.use_case_id != use_case.pk:
            named = f"{user} is for {own.use_case} and uses models for nothing else." if own else f"{user} names no use case, so it uses nothing."
            raise Invalid("The request was not sent.", fields={"use_case": [f"{named} Ask for its use case, or make another service account."]})
    if not use_case.is_open:
        raise Invalid("The request was not sent.", fields={"use_case": [f"The use case {use_case} is closed. Choose an open one."]})


def require_owner(by: User, model: RegisteredModel) -> None:
    """Refuse whoever does not own a model that they can see."""
    if roles_of(by).get(model.team_id) != TeamRole.OWNER or not by.is_person:
        raise NotAllowed(
            f"Only owners of team {model.team.name} say how access to {model} is given.", hint=f"Ask an owner of team {model.team.name}."
        )
