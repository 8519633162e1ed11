"""What the pages of access show. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from catalog.registry.models import AccessGrant, Approval, RegisteredModel, UseCase
from catalog.registry.queries import models_for
from catalog.registry.states import DataClass, Environment
from governance.access.forms import AnswerForm, DecisionForm
from governance.access.models import AccessPart, AccessRequest
from governance.access.permissions import may_decide, needs_privacy, owned_teams
from governance.access.queries import (
    Route,
    deciders_by_part,
    held_already,
    is_covered,
    owners_by_team,
    parts_seen,
    questions_of,
    route_of,
    use_cases_to_ask_for,
    uses_approved,
)
from governance.access.questions import in_words
from governance.access.sentences import asked_for, day
from governance.access.states import STILL_OPEN, Choice, PartState
from governance.access.wishes import Wish
from governance.reviews.clock import time_left
from marketplace.accounts.models import Kind, Team, User
from marketplace.permissions.queries import roles_of


def teams_and_accounts(viewer: Any, use_case: UseCase | None) -> tuple[list[tuple[str, str]], dict[str, User | Team]]:
    """Whom a viewer may ask for, as choices with the team of the use case first, and what each stands for."""
    mine = list(Team.objects.filter(pk__in=list(roles_of(viewer))))
    mine.sort(key=lambda team: (use_case is None or team.pk != use_case.team_id, team.name))
    accounts = User.objects.filter(kind=Kind.SERVICE, is_active=True, memberships__team__in=mine).distinct().order_by("username")
    found: dict[str, User | Team] = {f"team:{team.name}": team for team in mine}
    labels = {key: f"Team {team}" for key, team in found.items()}
    found["user:me"], labels["user:me"] = viewer, "Only me"
    for account in accounts:
        if account.pk != viewer.pk:
            found[f"user:{account.username}"], labels[f"user:{account.username}"] = account, f"Service account {account.username}"
    return list(labels.items()), found


@dataclass(frozen=True)
class Uses:
    """What a request may be for: the use cases, and what the models are approved for."""

    use_cases: dict[int, UseCase]
    approvals: dict[int, list[Approval]]

    @property
    def choices(self) -> list[Any]:
        """Return the use cases in two groups, the approved ones first."""
        approved = {a.use_case_id for rows in self.approvals.values() for a in rows}
        groups = (("Approved for this model", True), ("Of your teams, not approved for this model", False))
        found = [(title, [(str(pk), str(u)) for pk, u in self.use_cases.items() if (pk in approved) is is_it]) for title, is_it in groups]
        return [group for group in found if group[1]]

    @property
    def first(self) -> Approval | None:
        """Return the approval that a request starts from."""
        return next((a for rows in self.approvals.values() for a in rows if a.use_case_id in self.use_cases), None)


def uses_for(viewer: Any, models: Sequence[RegisteredModel]) -> Uses:
    """Read what a request of this viewer for these models may be for."""
    return Uses({use.pk: use for use in use_cases_to_ask_for(viewer, models)}, uses_approved(models))


@dataclass(frozen=True)
class Outlook:
    """What would become of a wish: who decides, what no approval covers, what is held already."""

    routes: list[Route]
    uncovered: list[RegisteredModel]
    held: list[tuple[RegisteredModel, AccessGrant, list[User]]]
    wish: Wish


def outlook(viewer: Any, models: Sequence[RegisteredModel], uses: Uses, values: Mapping[str, Any], subject: User | Team | None) -> Outlook | None:
    """Say what would become of the values in the form; nothing while they do not make a wish."""
    use_case = uses.use_cases.get(int(values["use_case"])) if str(values.get("use_case", "")).isdigit() else None
    environment, data_class = str(values.get("environment", "")), str(values.get("data_class", ""))
    if use_case is None or subject is None or environment not in Environment.values or data_class not in DataClass.values:
        return None
    who = {"team": subject} if isinstance(subject, Team) else {"user": subject}
    wish = Wish(use_case, environment, data_class, timezone.now().date(), **who)
    covered = [model for model in models if is_covered(uses.approvals[model.pk], wish)]
    held = held_already(covered, wish)
    owners = owners_by_team({model.team_id for model in covered} | {grant.team_id for grant in held.values() if grant.team_id})
    return Outlook(
        routes=[route_of(model, wish, asker=viewer, owners=owners[model.team_id]) for model in covered],
        uncovered=[model for model in models if model not in covered],
        held=[(model, held[model.pk], owners.get(held[model.pk].team_id or 0, [])) for model in covered if model.pk in held],
        wish=wish,
    )


@dataclass(frozen=True)
class Row:
    """One part in the inbox or on the page of its request."""

    part: AccessPart
    may_decide: bool
    left: str
    is_overdue: bool
    hints: list[str]
    form: DecisionForm | None = None
    deciders: list[str] | None = None
    answers: list[dict[str, str]] | None = None
    history: list[dict[str, Any]] | None = None
    url: str = ""

    @property
    def is_open(self) -> bool:
        """It is not decided yet."""
        return self.part.state in STILL_OPEN

    @property
    def question(self) -> str:
        """The question that is open."""
        asked = [d.reason for d in self.part.decisions.all() if d.choice == Choice.ASK]
        return asked[-1] if asked and self.part.state == PartState.ASKED else ""


def inbox_rows(viewer: Any, parts: Sequence[AccessPart]) -> list[Row]:
    """The rows of the inbox, each with a form where the viewer may decide."""
    known = teams_known({part.model_id for part in parts})
    return [row_of(viewer, part, has_used=(part.model_id, part.request.team_id) in known) for part in parts]


def teams_known(models: set[int]) -> set[tuple[int, int | None]]:
    """Which teams held access to these models at any time."""
    return set(AccessGrant.objects.filter(thing__in=models).exclude(team=None).order_by().values_list("thing", "team"))


def row_of(viewer: Any, part: AccessPart, *, has_used: bool = True, typed: Any = None) -> Row:
    """One row; `typed` keeps what was written into its form."""
    may, now = may_decide(viewer, part), timezone.now()
    is_open = part.state in STILL_OPEN
    left = time_left(part.due_at, paused=part.state == PartState.ASKED) if is_open else ""
    return Row(
        part=part,
        may_decide=may,
        left=left,
        is_overdue=is_open and part.state != PartState.ASKED and part.due_at is not None and part.due_at < now,
        hints=hints_of(part, has_used=has_used),
        form=DecisionForm(typed, part=part) if may else None,
    )


def hints_of(part: AccessPart, *, has_used: bool) -> list[str]:
    """What whoever decides should look at."""
    request, hints = part.request, []
    if request.team and not has_used:
        hints.append("New team")
    if needs_privacy(request.data_class):
        hints.append("Personal data")
    if request.user is not None:
        hints.append("For one person" if request.user.is_person else "For a service account")
    if request.renews_id:
        hints.append("Renewal")
    return hints


def request_context(viewer: Any, request: AccessRequest, *, typed: Mapping[int, Any] | None = None) -> dict[str, Any]:
    """Everything the page of a request shows."""
    parts = parts_seen(viewer, request)
    known = teams_known({part.model_id for part in parts})
    links = set(models_for(viewer).filter(pk__in=[part.model_id for part in parts]).order_by().values_list("pk", flat=True))
    mine = viewer.pk == request.asked_by_id or request.team_id in owned_teams(viewer)
    able, rows = deciders_by_part(parts), []
    for part in parts:
        row = row_of(viewer, part, has_used=(part.model_id, request.team_id) in known, typed=(typed or {}).get(part.pk))
        rows.append(
            Row(
                **{name: getattr(row, name) for name in ("part", "may_decide", "left", "is_overdue", "hints", "form")},
                deciders=[str(person) for person in able[part.pk]] if part.pk in able else None,
                answers=in_words(questions_of(part.model), part.answers),
                history=history_of(part),
                url=f"/m/{part.model}" if part.model_id in links else "",
            )
        )
    return {
        "request_": request,
        "holder": asked_for(request),
        "rows": rows,
        "is_mine": mine,
        "is_open": any(row.is_open for row in rows),
        "answer_form": AnswerForm(),
    }


WORDS = {Choice.GRANT: "said yes", Choice.ASK: "asked", Choice.DENY: "denied it"}


def history_of(part: AccessPart) -> list[dict[str, Any]]:
    """What was said on a part, oldest first."""
    told = [
        {
            "title": f"{decision.by or 'The rule of the model'} {WORDS[Choice(decision.choice)]}",
            "text": f"{decision.reason} {terms_of(decision)}".strip(),
            "at": decision.created_at,
        }
        for decision in part.decisions.all()
    ]
    told += [{"title": f"{reply.by} answered", "text": reply.text, "at": reply.created_at} for reply in part.replies.all()]
    return sorted(told, key=lambda event: event["at"])


def terms_of(decision: Any) -> str:
    """What a yes was given for, in words."""
    if decision.choice != Choice.GRANT:
        return ""
    return f"Until {day(decision.until)}, {decision.get_environment_display().lower()}, data: {decision.get_data_class_display().lower()}."
