"""Finding requests, what a wish would meet, and what needs somebody."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.formats import date_format

from catalog.registry.models import AccessGrant, Approval, RegisteredModel, ServiceAccount, UseCase
from catalog.registry.queries import approvals_in_force, covers
from catalog.registry.states import DataClass, Environment
from governance.access.models import AccessPart, AccessRequest, AccessRule
from governance.access.permissions import (
    barred,
    deciders_of,
    decides_on_privacy,
    makes_the_rule,
    needs_privacy,
    not_barred,
    owned_teams,
    parts_for,
    step_of,
)
from governance.access.questions import Question, questions_in
from governance.access.states import PRIVACY_TRACK, REVIEW_DAYS, STILL_OPEN, Choice, PartState
from governance.access.wishes import Wish, day_of, latest_day
from governance.policies.queries import live_row, parsed
from governance.policies.rules import AccessTerms
from marketplace.accounts.models import Kind, Membership, Team, User
from marketplace.accounts.queries import reviewers_of
from marketplace.errors import Invalid, NotFound
from marketplace.permissions.needs import OrgRole, TeamRole
from marketplace.permissions.queries import has_role, held_by, in_force, roles_of

TABS = ("waiting", "ending", "decided")
ENDING_DAYS = 30


def terms_in_effect() -> AccessTerms:
    """How long access may last, by the policy in effect; the defaults where there is none."""
    row = live_row()
    return parsed(row.text).access if row is not None else AccessTerms()


def rule_of(model: RegisteredModel) -> AccessRule:
    """What the owners of a model say about access; what holds when they said nothing."""
    return getattr(model, "access_rule", None) or AccessRule(model=model)


def questions_of(model: RegisteredModel) -> list[Question]:
    """What a request for this model has to answer besides."""
    return questions_in(rule_of(model).questions)


def longest_days(model: RegisteredModel, terms: AccessTerms) -> int:
    """For how many days access to a model may be asked: the shorter of the policy's and the owners' word."""
    return min(terms.longest_days, rule_of(model).longest_days or terms.longest_days)


def is_automatic(model: RegisteredModel, wish: Wish, *, asker: Any) -> bool:
    """Whether the rule of the model grants this at once; never to its owners, who made the rule, whoever asks for them."""
    rule = rule_of(model)
    if not rule.is_automatic or needs_privacy(wish.data_class) or (wish.team is not None and wish.team.pk == model.team_id):
        return False
    if makes_the_rule(asker, model) or (wish.user is not None and wish.user.pk != asker.pk and makes_the_rule(wish.user, model)):
        return False
    return covers(rule.environment, wish.environment, Environment) and covers(rule.data_class, wish.data_class, DataClass)


def requests_for(viewer: Any, *, state: str = "") -> QuerySet[AccessRequest]:
    """The requests of which somebody may see a part (in this state), with those parts."""
    seen = with_decisions(parts_for(viewer))
    named = seen.filter(state=state) if state else seen
    rows = AccessRequest.objects.filter(pk__in=named.order_by().values("request")).select_related("use_case__team", "asked_by", "user", "team")
    return rows.prefetch_related(Prefetch("parts", seen))


def request_numbered(viewer: Any, number: int) -> AccessRequest:
    """One request by its number; NotFound when there is none for this viewer."""
    found = requests_for(viewer).filter(pk=number).first() if number < 2**63 else None
    if found is None:
        raise NotFound
    return found


def part_named(viewer: Any, number: int, team: str, name: str) -> AccessPart:
    """What a request asks of one model; NotFound when there is none for this viewer."""
    rows = with_decisions(parts_for(viewer)).filter(request=number, model__team__name__iexact=team, model__name__iexact=name)
    found = rows.first() if number < 2**63 and "\0" not in team + name else None
    if found is None:
        raise NotFound
    return found


def with_decisions(parts: QuerySet[AccessPart]) -> QuerySet[AccessPart]:
    """Parts with what was decided and answered, oldest first."""
    return parts.prefetch_related("decisions__by", "replies__by")


def parts_seen(viewer: Any, request: AccessRequest) -> list[AccessPart]:
    """The parts of a request with everything its page shows."""
    return list(with_decisions(parts_for(viewer)).filter(request=request.pk).order_by("pk"))


def asks_me(viewer: Any) -> Q:
    """Parts at a step whose decision belongs to this viewer's office, and that they are not barred from."""
    mine = Q(state=PartState.WAITING_OWNER, model__team__in=owned_teams(viewer))
    if decides_on_privacy(viewer):
        mine |= Q(state=PartState.WAITING_PRIVACY)
    return mine & not_barred(viewer)


def in_my_office(viewer: Any) -> QuerySet[AccessPart]:
    """The parts that somebody sees as owner, privacy reviewer or overseer, not because they asked."""
    rows = parts_for(viewer)
    if has_role(viewer, OrgRole.AUDITOR) or has_role(viewer, OrgRole.GOVERNANCE):
        return rows
    mine = Q(model__team__in=owned_teams(viewer)) | Q(decisions__by=viewer.pk)
    if decides_on_privacy(viewer):
        mine |= ~Q(state=PartState.WAITING_OWNER) & Q(request__data_class__in=["personal", "special"])
    return rows.filter(pk__in=AccessPart.objects.filter(mine).order_by().values("pk"))


def inbox(viewer: Any, tab: str) -> QuerySet[AccessPart]:
    """The rows of the tabs about requests: what is open, the most urgent first; what is closed, the newest first."""
    rows = with_decisions(in_my_office(viewer))
    if tab == "decided":
        return rows.exclude(state__in=sorted(STILL_OPEN)).order_by("-closed_at", "-pk")
    return rows.filter(state__in=sorted(STILL_OPEN)).order_by("due_at", "pk")


def ending_soon(viewer: Any, *, now: datetime | None = None) -> QuerySet[AccessGrant]:
    """Grants on models of the viewer's teams that end soon; overseers see all."""
    before = (now or timezone.now()) + timedelta(days=ENDING_DAYS)
    rows = AccessGrant.objects.filter(in_force(), Q(until__lt=before) | Q(confirm_by__lt=before))
    if not (has_role(viewer, OrgRole.AUDITOR) or has_role(viewer, OrgRole.GOVERNANCE)):
        rows = rows.filter(thing__team__in=owned_teams(viewer))
    return rows.select_related("thing__team", "team", "user", "use_case").order_by("until", "pk")


def my_requests(viewer: Any) -> QuerySet[AccessPart]:
    """What I asked for, or what was asked for me and my teams, newest first."""
    mine = Q(request__asked_by=viewer.pk) | Q(request__user=viewer.pk) | Q(request__team__in=list(roles_of(viewer)))
    return parts_for(viewer).filter(mine).order_by("-pk")


def use_cases_to_ask_for(viewer: Any, models: Sequence[RegisteredModel]) -> QuerySet[UseCase]:
    """The open use cases a request may name: those the models are approved for now, and those of the viewer's teams."""
    approved = approvals_in_force().filter(version__model__in=[model.pk for model in models]).order_by().values("use_case")
    rows = UseCase.objects.filter(Q(pk__in=approved) | Q(team__in=list(roles_of(viewer))), is_open=True)
    return rows.select_related("team", "owner")


def subject_by_default(viewer: Any, use_case: UseCase) -> Team:
    """The team that somebody asks for when they name nobody: that of the use case, else their only one."""
    mine = roles_of(viewer)
    if use_case.team_id in mine:
        return use_case.team
    if len(mine) != 1:
        raise Invalid("The request was not sent.", fields={"team": ["Name the team it is for, or a person."]})
    return Team.objects.get(pk=next(iter(mine)))


def use_case_to_ask_for(viewer: Any, models: Sequence[RegisteredModel], pk: int) -> UseCase:
    """One of them; Invalid for any other."""
    found = use_cases_to_ask_for(viewer, models).filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        sentence = "Use the id of an open use case of one of your teams, or of one that the model is approved for."
        raise Invalid("There is no such use case.", fields={"use_case": [sentence]})
    return found


def uses_approved(models: Sequence[RegisteredModel]) -> dict[int, list[Approval]]:
    """The approvals in force of each model."""
    found: dict[int, list[Approval]] = {model.pk: [] for model in models}
    rows = approvals_in_force().filter(version__model__in=list(found)).select_related("version", "use_case")
    for approval in rows.order_by("use_case__name", "pk"):
        found[approval.version.model_id].append(approval)
    return found


def runs_in_more(user: User | None, environment: str) -> str:
    """The environment of a service account, where access in a lesser one would open nothing for it; else empty."""
    own = ServiceAccount.objects.filter(user=user).first() if user is not None and not user.is_person else None
    return "" if own is None or covers(environment, own.environment, Environment) else own.environment


def is_covered(approvals: Sequence[Approval], wish: Wish) -> bool:
    """Whether one of these approvals lets the wish come true."""
    return any(
        a.use_case_id == wish.use_case.pk
        and covers(a.environment, wish.environment, Environment)
        and covers(a.data_class, wish.data_class, DataClass)
        for a in approvals
    )


def held_already(models: Sequence[RegisteredModel], wish: Wish) -> dict[int, AccessGrant]:
    """For each model the grant in force that already gives the holder what is wished for, the longest."""
    holds = Q(team=wish.team) if wish.team is not None else held_by(wish.user)
    grants = AccessGrant.objects.filter(in_force(), holds, thing__in=[model.pk for model in models], use_case=wish.use_case)
    found: dict[int, AccessGrant] = {}
    for grant in grants.select_related("team", "user").order_by("-until"):
        if covers(grant.environment, wish.environment, Environment) and covers(grant.data_class, wish.data_class, DataClass):
            found.setdefault(grant.thing_id, grant)
    return found


def owners_by_team(teams: Iterable[int]) -> dict[int, list[User]]:
    """The active persons who own each team."""
    found: dict[int, list[User]] = {team: [] for team in teams}
    rows = Membership.objects.filter(team__in=list(found), role=TeamRole.OWNER, user__is_active=True, user__kind=Kind.PERSON)
    for member in rows.select_related("user").order_by("user__username"):
        found[member.team_id].append(member.user)
    return found


def deciders_by_part(parts: Sequence[AccessPart]) -> dict[int, list[User]]:
    """What `deciders_of` says of each part that waits for a decision, asked for all at once."""
    waiting = [part for part in parts if part.state in {PartState.WAITING_OWNER, PartState.WAITING_PRIVACY}]
    owners = owners_by_team({part.model.team_id for part in waiting})
    private = list(reviewers_of(PRIVACY_TRACK)) if any(part.state == PartState.WAITING_PRIVACY for part in waiting) else []
    found = {}
    for part in waiting:
        out = barred(part.request) | {d.by_id for d in part.decisions.all() if d.choice == Choice.GRANT}
        office = owners[part.model.team_id] if part.state == PartState.WAITING_OWNER else private
        found[part.pk] = [person for person in office if person.pk not in out]
    return found


def open_part(model: RegisteredModel, wish: Wish) -> AccessPart | None:
    """What asks for the very same and is not decided."""
    return AccessPart.objects.filter(model=model, asks_for=wish.key, state__in=sorted(STILL_OPEN)).select_related("request").first()


def refused_until(model: RegisteredModel, wish: Wish, *, today: date) -> date | None:
    """The day up to which the very same was denied."""
    rows = AccessPart.objects.filter(model=model, asks_for=wish.key, state=PartState.DENIED, again_after__gt=today)
    return rows.order_by("-again_after").values_list("again_after", flat=True).first()


@dataclass(frozen=True)
class Route:
    """Who will decide on a wish for one model, in words; `is_stuck` when nobody can."""

    model: RegisteredModel
    is_automatic: bool
    sentence: str


def route_of(model: RegisteredModel, wish: Wish, *, asker: Any, owners: Sequence[User]) -> Route:
    """Say who decides, before anything is sent."""
    if is_automatic(model, wish, asker=asker):
        return Route(model, is_automatic=True, sentence=f"{model} will be granted automatically: its owners say so for this environment and data.")
    able = [str(person) for person in owners if person.pk not in {asker.pk, wish.user.pk if wish.user else None}]
    who = f"owners of team {model.team.name} ({', '.join(able)})"
    if not able:
        who = f"team {model.team.name}, where nobody can decide: governance is told"
    privacy = ", then to data privacy" if needs_privacy(wish.data_class) else ""
    return Route(model, is_automatic=False, sentence=f"{model} goes to {who}{privacy}.")


def nobody_decides(part: AccessPart) -> bool:
    """Whether an open part waits for an answer that nobody can give."""
    step = step_of(part)
    return bool(step) and part.state != PartState.ASKED and not deciders_of(part, step).exists()


def last_day(models: Sequence[RegisteredModel], terms: AccessTerms, *, now: datetime | None = None) -> date:
    """The last day a request for all these models may name."""
    return latest_day(min([longest_days(model, terms) for model in models], default=terms.longest_days), now=now or timezone.now())


def too_much_to_give(model: RegisteredModel, data_class: str, until: datetime) -> dict[str, list[str]]:
    """What owners do not give without being asked: data that data privacy decides about as well, and more time than a request may name."""
    problems: dict[str, list[str]] = {}
    if needs_privacy(data_class):
        problems["data_class"] = ["Data privacy decides about personal data as well: let them ask for access."]
    if day_of(until) > (latest := last_day([model], terms_in_effect())):
        problems["until"] = [f"At most until {date_format(latest, 'j M Y')} ({latest.isoformat()}): that is how long access is given here."]
    return problems


def overdue_parts(now: datetime) -> QuerySet[AccessPart]:
    """Parts that wait longer than the policy allows."""
    waiting = [PartState.WAITING_OWNER, PartState.WAITING_PRIVACY]
    rows = AccessPart.objects.filter(state__in=waiting, due_at__lt=now)
    return rows.select_related("model__team", "request__asked_by", "request__use_case").order_by("pk")


def grants_to_confirm(now: datetime) -> QuerySet[AccessGrant]:
    """Grants whose review period has passed and whose holder was not asked yet."""
    days = Coalesce(F("thing__access_rule__review_days"), REVIEW_DAYS)
    period = ExpressionWrapper(days * Value(timedelta(days=1)), output_field=DurationField())
    rows = AccessGrant.objects.filter(in_force(), confirm_by=None).annotate(
        review_at=ExpressionWrapper(Coalesce("confirmed_at", "created_at") + period, output_field=DateTimeField())
    )
    return rows.filter(review_at__lte=now).select_related("thing__team", "team", "user", "use_case").order_by("pk")


def grants_asked() -> QuerySet[AccessGrant]:
    """Grants whose holder was asked and has not answered."""
    rows = AccessGrant.objects.filter(in_force(), confirm_by__isnull=False).select_related("thing__team", "team", "user", "use_case")
    return rows.order_by("pk")


def grant_of_mine(viewer: Any, pk: int) -> AccessGrant:
    """A grant in force that the viewer or one of their teams holds; NotFound for any other."""
    rows = AccessGrant.objects.filter(in_force(), held_by(viewer)).select_related("thing__team", "thing__access_rule", "team", "user", "use_case")
    found = rows.filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise NotFound
    return found


def granted_part(grant: AccessGrant) -> AccessPart | None:
    """The newest part that led to a grant."""
    return AccessPart.objects.filter(grant=grant).order_by("-pk").first()


def parts_chosen(viewer: Any, chosen: Sequence[int]) -> list[AccessPart]:
    """The parts somebody ticked, of those they see; NotFound when one of them is not there."""
    found = list(with_decisions(in_my_office(viewer)).filter(pk__in=chosen))
    if len(found) != len(set(chosen)):
        raise NotFound
    return found
