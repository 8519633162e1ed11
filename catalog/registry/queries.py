"""Finding models and versions, and answering whether somebody may use them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Now

from catalog.registry.models import AccessGrant, Alias, Approval, ModelVersion, RegisteredModel, ServiceAccount, UseCase
from catalog.registry.states import NEVER_SERVED, DataClass, Environment, ModelState, VersionState
from marketplace.accounts.models import Kind, Team, User
from marketplace.accounts.queries import people_by_pseudonym
from marketplace.activity.queries import events_about
from marketplace.errors import Invalid, NotFound
from marketplace.permissions.needs import Need, OrgRole, TeamRole
from marketplace.permissions.queries import allowed, has_role, held_by, in_force, roles_of, visible

Viewer = Any


def models_for(viewer: Viewer, need: str = Need.VIEW) -> QuerySet[RegisteredModel]:
    """The models that somebody may see, with their team."""
    return visible(RegisteredModel.objects.select_related("team"), to=viewer, need=need)


def model_named(viewer: Viewer, team: str, name: str) -> RegisteredModel:
    """One model by the names people type, whatever the case; NotFound when there is none for this viewer."""
    rows = models_for(viewer).select_related("accountable", "team__group")
    found = None if "\0" in team + name else rows.filter(team__name__iexact=team, name__iexact=name).first()
    if found is None:
        raise NotFound
    return found


def model_by_path(viewer: Viewer, path: str) -> RegisteredModel:
    """One model by `team/name`."""
    team, _, name = path.partition("/")
    return model_named(viewer, team, name)


def teams_shown(model: RegisteredModel) -> list[Team]:
    """The teams that a model is shown to by name; with them those below them know of it."""
    return list(Team.objects.filter(pk__in=model.shown_to)) if model.shown_to else []


def versions_for(viewer: Viewer) -> QuerySet[ModelVersion]:
    """The versions of models that somebody may see."""
    return visible(ModelVersion.objects.select_related("model__team", "use_case", "created_by", "submitted_by"), to=viewer, via="model")


def versions_of(model: RegisteredModel) -> QuerySet[ModelVersion]:
    """The versions of a model that was found for a viewer, newest first."""
    rows = ModelVersion.objects.filter(model=model).select_related("model__team", "use_case", "created_by", "submitted_by")
    return rows.prefetch_related("aliases")


def version_named(model: RegisteredModel, name: str) -> ModelVersion:
    """A version by its name or `@alias`; NotFound when there is none."""
    if "\0" in name:
        raise NotFound
    if name.startswith("@"):
        alias = Alias.objects.filter(model=model, name__iexact=name[1:]).values("version")
        found = versions_of(model).filter(pk__in=alias).first()
    else:
        found = versions_of(model).filter(version__iexact=name).first()
    if found is None:
        raise NotFound
    return found


def aliases_of(model: RegisteredModel) -> QuerySet[Alias]:
    """The aliases of a model with their versions."""
    return Alias.objects.filter(model=model).select_related("version")


def alias_named(model: RegisteredModel, name: str) -> Alias:
    """An alias of a model, whatever the case; NotFound when there is none."""
    found = None if "\0" in name else aliases_of(model).select_related("model__team").filter(name__iexact=name).first()
    if found is None:
        raise NotFound
    return found


def use_cases_for(viewer: Viewer) -> QuerySet[UseCase]:
    """The use cases of the viewer's teams: the ones they may ask for."""
    return UseCase.objects.filter(team__in=list(roles_of(viewer)), is_open=True).select_related("team", "owner")


def use_cases_of(team: Team) -> QuerySet[UseCase]:
    """Every use case of a team, open ones first."""
    return UseCase.objects.filter(team=team).select_related("team", "owner").order_by("-is_open", "name")


def use_case_of(viewer: Viewer, pk: int) -> UseCase:
    """A use case of one of the viewer's teams, open or closed; NotFound for any other."""
    found = UseCase.objects.filter(team__in=list(roles_of(viewer)), pk=pk).select_related("team", "owner").first() if pk < 2**63 else None
    if found is None:
        raise NotFound
    return found


def use_cases_for_programs(team: Team) -> QuerySet[UseCase]:
    """What the service accounts of a team may be for: its open use cases, and those that models were granted to it for."""
    granted = AccessGrant.objects.filter(in_force(), team=team).order_by().values("use_case")
    return UseCase.objects.filter(Q(team=team) | Q(pk__in=granted), is_open=True).select_related("team", "owner")


def use_case_for_programs(team: Team, pk: int) -> UseCase:
    """One of them; Invalid for any other."""
    return _one_of(use_cases_for_programs(team), pk, f"team {team.name}, or one that it has a grant for")


def use_cases_to_grant(viewer: Viewer, model: RegisteredModel) -> QuerySet[UseCase]:
    """The use cases a grant on this model may name: those it is approved for, and those of the viewer's teams."""
    approved = Approval.objects.filter(version__model=model, voided_at=None).order_by().values("use_case")
    rows = UseCase.objects.filter(Q(pk__in=approved) | Q(team__in=list(roles_of(viewer))), is_open=True)
    return rows.select_related("team", "owner")


def use_case_to_ask_for(viewer: Viewer, pk: int) -> UseCase:
    """One of the viewer's use cases; Invalid for any other."""
    return _one_of(use_cases_for(viewer), pk, "one of your teams")


def use_case_to_grant(viewer: Viewer, model: RegisteredModel, pk: int) -> UseCase:
    """A use case that a grant may name; Invalid for any other."""
    return _one_of(use_cases_to_grant(viewer, model), pk, "an approval of this model or of your teams")


def _one_of(rows: QuerySet[UseCase], pk: int, whose: str) -> UseCase:
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Invalid("There is no such use case.", fields={"use_case": [f"Use the id of an open use case of {whose}."]})
    return found


def rank(field: str, values: Sequence[str]) -> Case:
    """The place of a value in a list, for comparing and sorting in the database."""
    return Case(
        *[When(**{field: value}, then=Value(place)) for place, value in enumerate(values)],
        default=Value(99),
        output_field=IntegerField(),
    )


def counts(*, after_end: bool = False) -> Q:
    """The condition under which an approval counts now by the database's clock; `after_end`: past its end and not past its stop."""
    then = {"valid_until__lte": Now(), "stop_at__gt": Now()} if after_end else {"valid_until__gt": Now()}
    return Q(voided_at=None, valid_from__lte=Now(), **then) & ~Q(version__state__in=sorted(NEVER_SERVED))


def approvals_in_force(*, after_end: bool = False) -> QuerySet[Approval]:
    """Approvals that count now by the database's clock; `after_end`: those past their end and not past their stop."""
    return Approval.objects.filter(counts(after_end=after_end))


def grants_to_use(viewer: Viewer) -> QuerySet[AccessGrant]:
    """Grants that the viewer may use now; a service account only those of its use case whose environment covers its own (`acts_in`)."""
    grants = AccessGrant.objects.filter(in_force(), held_by(viewer))
    if getattr(viewer, "kind", Kind.PERSON) != Kind.SERVICE:
        return grants
    mine = ServiceAccount.objects.filter(user=viewer.pk, use_case=OuterRef("use_case")).order_by()
    mine = mine.alias(its_rank=rank("environment", Environment.values)).filter(its_rank__lte=OuterRef("environment_rank"))
    ranked = grants.alias(environment_rank=rank("environment", Environment.values))
    return ranked.annotate(acts_in=Subquery(mine.values("environment")[:1])).filter(acts_in__isnull=False)


def covering_grants(viewer: Viewer) -> QuerySet[AccessGrant]:
    """Grants of the viewer that an approval (the outer row) covers: same use case, at most its environment and data class."""
    grants = grants_to_use(viewer).filter(thing=OuterRef("version__model"), use_case=OuterRef("use_case"))
    return grants.alias(environment_rank=rank("environment", Environment.values), data_rank=rank("data_class", DataClass.values)).filter(
        environment_rank__lte=OuterRef("environment_rank"), data_rank__lte=OuterRef("data_rank")
    )


def _ranked(approvals: QuerySet[Approval]) -> QuerySet[Approval]:
    return approvals.alias(environment_rank=rank("environment", Environment.values), data_rank=rank("data_class", DataClass.values))


def usable_approvals(viewer: Viewer, *, after_end: bool = False) -> QuerySet[Approval]:
    """Approvals in force that a grant of this viewer is covered by: what the gate, the lists and the badges ask."""
    return _ranked(approvals_in_force(after_end=after_end)).filter(Exists(covering_grants(viewer)))


def judged_approvals(viewer: Viewer, model: RegisteredModel) -> QuerySet[Approval]:
    """Every approval of a model's versions, the latest end first, each with `counts_now` and with `is_mine`: this viewer may use it now."""
    yes, no = Value(True), Value(False)  # noqa: FBT003 - SQL values
    rows = _ranked(Approval.objects.filter(version__model=model)).select_related("version", "use_case")
    return rows.annotate(
        counts_now=Case(When(counts(), then=yes), default=no),
        is_mine=Case(When(counts() & Exists(covering_grants(viewer)), then=yes), default=no),
    ).order_by("-valid_until", "-pk")


def approval_for_use(viewer: Viewer, version: ModelVersion) -> tuple[Approval, AccessGrant] | None:
    """The approval and the grant under which somebody may use a version now; None when there is no such pair.

    What `usable_approvals` says of one version; two short questions cost a third of that one.
    """
    approvals = list(approvals_in_force().filter(version=version).select_related("use_case").order_by("-valid_until"))
    if not approvals:
        return None
    grants = list(grants_to_use(viewer).filter(thing=version.model_id).select_related("team", "use_case__team").order_by("-until"))
    return next(((approval, grant) for approval in approvals for grant in grants if covers_grant(approval, grant)), None)


def covers_grant(approval: Approval, grant: AccessGrant) -> bool:
    """Whether an approval is for the use case of a grant, and for its environment and data class or greater ones."""
    return (
        approval.use_case_id == grant.use_case_id
        and covers(approval.environment, grant.environment, Environment)
        and covers(approval.data_class, grant.data_class, DataClass)
    )


def covers(approved: str, wanted: str, choices: type[Environment] | type[DataClass]) -> bool:
    """Whether an approval for one value also covers another: the lesser ones do."""
    values = list(choices.values)
    return values.index(wanted) <= values.index(approved)


@dataclass(frozen=True)
class Standing:
    """The answer to "may I use it?": `ready`, `needs_access`, `not_approved`, `listed` or `blocked`, with the words to show."""

    key: str
    badge: str
    next_step: str


STANDINGS = {
    "ready": ("Approved for you", "Use it now."),
    "needs_access": ("Approved, needs access", "Ask the owner team for access."),
    "in_review": ("In review", "It may be used once it is approved."),
    "not_approved": ("Not approved yet", "It may be used once a version is approved."),
    "listed": ("Known, not brought in", "No files here. Ask for it."),
    "stopped": ("Not available", "See why on its page."),
}


IN_REVIEW = frozenset({VersionState.IN_REVIEW, VersionState.VALIDATING, VersionState.CHANGES_REQUESTED})
UNFINISHED = frozenset({VersionState.DRAFT, VersionState.VALIDATION_FAILED, *IN_REVIEW})
STOPPED = NEVER_SERVED | {VersionState.REJECTED}


def _standing_facts(viewer: Viewer) -> dict[str, Q]:
    """What a standing is made of; sets that do not depend on the row, so that the database reads each once for any number of models."""
    versions = ModelVersion.objects.order_by()
    return {
        "listed": Q(state="listed"),
        "ready": Q(pk__in=usable_approvals(viewer).order_by().values("version__model")),
        "approved": Q(pk__in=approvals_in_force().order_by().values("version__model")),
        "in_review": Q(pk__in=versions.filter(state__in=sorted(IN_REVIEW)).values("model")),
        "stopped": Q(pk__in=versions.filter(state__in=sorted(STOPPED)).values("model")) | Q(state="blocked"),
    }


def with_standing(models: QuerySet[RegisteredModel], viewer: Viewer) -> QuerySet[RegisteredModel]:
    """Annotate each model with `standing_key`, in the same query; the first that holds is it."""
    is_ = _standing_facts(viewer)
    keys = {"listed": "listed", "ready": "ready", "approved": "needs_access", "in_review": "in_review", "stopped": "stopped"}
    cases = [When(is_[fact], then=Value(key)) for fact, key in keys.items()]
    return models.annotate(standing_key=Case(*cases, default=Value("not_approved")))


def standing_of(key: str) -> Standing:
    """The words of a standing."""
    badge, step = STANDINGS.get(key, ("Unknown", "Ask the owner team."))
    return Standing(key, badge, step)


def standing_from(model: RegisteredModel, states: Collection[str], *, is_approved: bool, is_usable: bool) -> Standing:
    """The same from what was read already: the states of all versions, and whether an approval counts, for anybody and for this viewer."""
    facts = {
        "listed": model.state == ModelState.LISTED,
        "ready": is_usable,
        "needs_access": is_approved,
        "in_review": not IN_REVIEW.isdisjoint(states),
        "stopped": not STOPPED.isdisjoint(states) or model.state == ModelState.BLOCKED,
    }
    return standing_of(next((key for key, holds in facts.items() if holds), "not_approved"))


def standing_on(model: RegisteredModel, viewer: Viewer) -> Standing:
    """What this viewer may do with one model, in words."""
    found: Any = with_standing(RegisteredModel.objects.filter(pk=model.pk).only("pk"), viewer).first()
    return standing_of(found.standing_key if found else "")


def grants_on(model: RegisteredModel) -> QuerySet[AccessGrant]:
    """Grants on a model that count now."""
    return AccessGrant.objects.filter(in_force(), thing=model).select_related("user", "team", "use_case")


def grants_seen(viewer: Viewer, model: RegisteredModel) -> QuerySet[AccessGrant]:
    """Grants on a model that count now: all for its owners and for overseers, else those the viewer holds."""
    if allowed(viewer, Need.MANAGE, model) or has_role(viewer, OrgRole.GOVERNANCE) or has_role(viewer, OrgRole.AUDITOR):
        return grants_on(model)
    return grants_on(model).filter(held_by(viewer))


def grant_of(viewer: Viewer, model: RegisteredModel, pk: int) -> AccessGrant:
    """One grant on a model that the viewer may know of; NotFound for any other."""
    found = grants_seen(viewer, model).select_related("thing__team", "team__group").filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def approvals_of(version: ModelVersion) -> QuerySet[Approval]:
    """Every approval of a version, also those that ended."""
    return Approval.objects.filter(version=version).select_related("use_case")


def ended_grants() -> QuerySet[AccessGrant]:
    """Grants past their end that are not swept yet."""
    return AccessGrant.objects.filter(ended_at=None, until__lte=Now()).select_related("thing", "user", "team__group", "use_case")


def ended_grant_of(viewer: Viewer, model: RegisteredModel) -> AccessGrant | None:
    """The last grant of a viewer on a model that does not count any more, unless another one does."""
    held = AccessGrant.objects.filter(held_by(viewer), thing=model)
    if held.filter(in_force()).exists():
        return None
    return held.filter(Q(until__lte=Now()) | Q(ended_at__isnull=False)).order_by("-until").first()


def ended_approvals() -> QuerySet[Approval]:
    """Approvals past their end whose version still says approved."""
    return Approval.objects.filter(voided_at=None, valid_until__lte=Now(), version__state="approved").select_related("version__model__team")


def grants_spoken_for(viewer: Viewer) -> QuerySet[AccessGrant]:
    """Grants that count now of the viewer, their teams, and the service accounts of teams they own, the first to end first."""
    owned = [team for team, role in roles_of(viewer).items() if role == TeamRole.OWNER]
    programs = User.objects.filter(kind=Kind.SERVICE, memberships__team__in=owned).order_by().values("pk")
    rows = AccessGrant.objects.filter(in_force(), held_by(viewer) | Q(user__in=programs))
    return rows.select_related("thing__team", "team", "user", "use_case").order_by("until", "pk")


def grants_held_by(viewer: Viewer) -> QuerySet[AccessGrant]:
    """Grants of the viewer and their teams that count now, the first to end first."""
    return AccessGrant.objects.filter(in_force(), held_by(viewer)).select_related("thing__team", "team", "user", "use_case").order_by("until")


def grants_of_team(viewer: Viewer, team: Team) -> QuerySet[AccessGrant]:
    """The grants that a team holds and that count now, on models that the viewer sees, the first to end first."""
    rows = AccessGrant.objects.filter(in_force(), team=team).select_related("thing__team", "use_case")
    return visible(rows, to=viewer, via="thing").order_by("until", "pk")


def grants_given_by(viewer: Viewer, team: Team) -> QuerySet[AccessGrant] | None:
    """The grants on a team's models that others hold; None for those who may not know: it is for its owners, governance and auditors."""
    if roles_of(viewer).get(team.pk) != TeamRole.OWNER and not any(has_role(viewer, role) for role in (OrgRole.GOVERNANCE, OrgRole.AUDITOR)):
        return None
    rows = AccessGrant.objects.filter(in_force(), thing__team=team).exclude(team=team)
    return visible(rows.select_related("thing__team", "use_case", "user", "team"), to=viewer, via="thing").order_by("until", "pk")


@dataclass(frozen=True)
class Request:
    """Somebody asked to bring in a listed model."""

    person: User | None
    at: datetime
    reason: str


def requests_to_bring_in(model: RegisteredModel, *, most: int = 50) -> list[Request]:
    """Who asked for a model that is only listed, newest first; empty once it is brought in."""
    if model.state != ModelState.LISTED:
        return []
    events = list(events_about(model).filter(verb="model.brought_in").prefetch_related("texts").order_by("-pk")[:most])
    people = people_by_pseudonym({str(event.actor) for event in events if event.actor})
    return [Request(people.get(str(event.actor)), event.at, next((text.text for text in event.texts.all()), "")) for event in events]
