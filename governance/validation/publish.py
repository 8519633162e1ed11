"""The last two steps of publishing: the use with its risk, and the check before the submit."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.forms import ChoiceField, RadioSelect
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from catalog.artifacts.queries import duplicates_among, manifest_of
from catalog.cards.facts import schema_of as fields_of
from catalog.registry.models import ModelVersion
from catalog.registry.queries import use_cases_for
from catalog.storefront.publish_about import fields_of as about_fields
from catalog.storefront.publish_steps import draft_named, publish_path, publish_stepper, version_path
from governance.policies.queries import live_policy
from governance.policies.rules import Policy
from governance.policies.words import tiers_in_words
from governance.validation.actions import prepare, submit
from governance.validation.duties import DATA_CLASSES, Duties
from governance.validation.forms import PREFIX, SubmitForm
from governance.validation.queries import to_do
from marketplace.errors import Conflict, DomainError, Invalid
from marketplace.web.pages import notice, page, see_other, wants_fragment
from marketplace.web.slots import panels

CARD, DATA_FIELD, DATA_QUESTION = "card.", "classification.data_classes", "answers.data_class"


class RiskForm(SubmitForm):
    """The use and the risk questions, each answer in sight; the data of the approval follows from its answer."""

    def __init__(self, *args: Any, policy: Policy, **kwargs: Any) -> None:
        super().__init__(*args, policy=policy, **kwargs)
        del self.fields["data_class"]
        chosen: Any = self.fields["use_case"]
        chosen.empty_label = "Choose a use case" if chosen.queryset.exists() else "Your teams have none yet: name one below"
        for question in policy.questions:
            self.fields[PREFIX + question.key] = ChoiceField(
                label=question.title, help_text=question.help, choices=question.options, required=False, widget=RadioSelect
            )

    def wanted(self, version: ModelVersion) -> dict[str, Any]:
        """Return what is asked for; the class of data is what was answered, else what it was."""
        answers = {name.removeprefix(PREFIX): value for name, value in self.cleaned_data.items() if name.startswith(PREFIX) and value}
        data_class = DATA_CLASSES.get(answers.get("data_class", ""), version.data_class)
        return {
            "use_case": self.cleaned_data["use_case"],
            "environment": self.cleaned_data["environment"],
            "data_class": str(data_class),
            "answers": answers,
        }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def publish_risk(request: HttpRequest, team: str, name: str, version: str) -> HttpResponse:
    """Ask for the use and the six answers; each answer is saved when given and shows the tier it leads to."""
    draft = draft_named(request.user, team, name, version)
    person: Any = request.user
    form = RiskForm(request.POST or None, version=draft, policy=live_policy()[1], use_cases=use_cases_for(person))
    if request.method != "POST":
        return show_risk(request, draft, form)
    if not form.is_valid():
        return show_risk(request, draft, form, status=422)
    # While somebody still types, no use case is made of half a name.
    named = "" if wants_fragment(request) else form.cleaned_data["new_use_case"]
    try:
        draft = prepare(draft, by=person, new_use_case=named, **form.wanted(draft))
    except (Conflict, Invalid) as error:
        form.add_error("new_use_case" if named else None, f"{error.sentence} {error.hint}".strip())
        return show_risk(request, draft, form, status=error.status)
    if wants_fragment(request):
        return show_risk(request, draft, form)
    return see_other(publish_path(draft, "risk" if "stay" in request.POST else "check"), request)


def show_risk(request: HttpRequest, draft: ModelVersion, form: RiskForm, *, status: int = 200) -> HttpResponse:
    """Render the step, or after an answer only the tier it leads to."""
    policy = live_policy()[1]
    duties = to_do(draft)
    asks = next(words for words in tiers_in_words(policy) if words.tier == duties.tier.tier)
    needed = policy.requires(duties.tier.tier)
    context = {
        "version": draft,
        "path": version_path(draft),
        "steps": publish_stepper(draft, "risk", lacking(owed_rows(draft, policy, duties))),
        "form": form,
        "questions": [form[name] for name in form.fields if name.startswith(PREFIX)],
        "duties": duties,
        "asks": asks,
        "days": needed.decision_days,
        "saved_at": timezone.localtime() if request.method == "POST" and status == 200 else None,
        "back": publish_path(draft, "about"),
    }
    return page(
        request, "governance/validation/publish_risk.html", context, fragment="governance/validation/_publish_tier.html", status=status
    )  # fmt: skip


@dataclass(frozen=True)
class Owed:
    """Something that is missing, why it is asked, and where to give it."""

    step: str
    title: str
    sentences: list[str]
    url: str


def lacking(rows: Sequence[Owed]) -> dict[str, str]:
    """Return what each step still lacks, in words."""
    return {step: f"{count} missing" for step, count in Counter(row.step for row in rows).items()}


def owed_rows(version: ModelVersion, policy: Policy, duties: Duties) -> list[Owed]:
    """Return everything that is missing with the page where it is given, in the order of the steps."""
    tier = duties.tier.tier if duties.answered else "T4"
    titles = {field.key: field.title for field in fields_of(version.model, tier).fields}
    asked, told = about_fields(version)
    near = {field.key for field in (*asked, *told)}
    rows = []
    for key, sentences in duties.missing.items():
        field = key.removeprefix(CARD)
        # The risk question about data fills the field about data: it is asked once.
        if field == DATA_FIELD and DATA_QUESTION in duties.missing:
            continue
        if key.startswith(CARD):
            place = publish_path(version, "about") if field in near else _editor(version, field, tier)
            rows.append(Owed("about", titles.get(field, field), sentences, f"{place}#id_{field}"))
        else:
            rows.append(_elsewhere(version, policy, key, sentences))
    return rows


def _editor(version: ModelVersion, field: str, tier: str) -> str:
    return f"/m/{version.model.team.name}/{version.model.name}/edit?section={field.partition('.')[0]}&tier={tier}"


def _elsewhere(version: ModelVersion, policy: Policy, key: str, sentences: list[str]) -> Owed:
    """Return what is missing besides fields of the card."""
    risk = publish_path(version, "risk")
    question = next((q for q in policy.questions if key == PREFIX + q.key), None)
    if question is not None:
        return Owed("risk", question.title, ["The answer decides the tier."], f"{risk}#id_{key}")
    if key in {"use_case", "environment", "data_class"}:
        # The class of data is asked as a risk question on that page.
        return Owed("risk", key.replace("_", " ").capitalize(), sentences, f"{risk}#id_{DATA_QUESTION if key == 'data_class' else key}")
    step = "about" if key == "card" else "files"
    return Owed(step, key.capitalize(), sentences, publish_path(version, step))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def publish_check(request: HttpRequest, team: str, name: str, version: str) -> HttpResponse:
    """Show exactly what is missing; submit when nothing is."""
    draft = draft_named(request.user, team, name, version)
    if request.method != "POST":
        return show_check(request, draft)
    person: Any = request.user
    try:
        run = submit(draft, by=person)
    except (Conflict, Invalid) as error:
        return show_check(request, draft, error=error)
    notice(request, "Submitted. The checks run now; you may leave this page.")
    return see_other(f"/checks/{run.pk}", request)


def show_check(request: HttpRequest, draft: ModelVersion, *, error: DomainError | None = None) -> HttpResponse:
    """Render the last step."""
    duties = to_do(draft)
    files = manifest_of(draft)
    policy = live_policy()[1]
    rows = owed_rows(draft, policy, duties)
    asks = next(words for words in tiers_in_words(policy) if words.tier == duties.tier.tier)
    context = {
        "version": draft,
        "path": version_path(draft),
        "steps": publish_stepper(draft, "check", lacking(rows)),
        "duties": duties,
        "asks": asks,
        "rows": rows,
        "copies": duplicates_among(request.user, [entry.sha256 for entry in files], besides=draft),
        "files": len(files),
        "bytes": sum(entry.size for entry in files),
        "panels": panels("publish-check", request, draft),
        "error": error,
        "back": publish_path(draft, "risk"),
    }
    return page(request, "governance/validation/publish_check.html", context, status=error.status if error is not None else 200)
