"""Publishing: start a draft, bring its files, say what it is. The steps about risk and submitting are governance's."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from catalog.artifacts.actions import add_file, remove_file
from catalog.artifacts.queries import duplicates_among, files_of, uploads_of, used_bytes
from catalog.registry.actions import add_version, change_version
from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.permissions import may_publish_for, require_editor
from catalog.registry.queries import model_by_path
from catalog.registry.states import MAY_SUBMIT, VersionState
from catalog.storefront.actions import describe, start_publishing
from catalog.storefront.model_forms import HostedVersionForm, VersionForm
from catalog.storefront.numbering import next_name
from catalog.storefront.publish_about import AboutPage
from catalog.storefront.publish_forms import RevisionForm, StartForm
from catalog.storefront.publish_steps import draft_named, publish_path, publish_stepper, version_path
from catalog.storefront.queries import unfinished_of
from marketplace.accounts.queries import teams_of
from marketplace.errors import Conflict, DomainError, Invalid
from marketplace.web.forms import put_errors
from marketplace.web.pages import notice, page, see_other, wants_fragment, whole

MOST_DRAFTS = 20


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def publish_new(request: HttpRequest) -> HttpResponse:
    """Start publishing: a new model, or with `?model=team/name` another version of one."""
    person: Any = request.user
    if request.GET.get("model"):
        return publish_version(request, model_by_path(person, request.GET["model"]))
    teams = [team.name for team in teams_of(person).order_by("name") if may_publish_for(person, team)]
    form = StartForm(request.POST or None, teams=teams, initial={"team": request.GET.get("team")})
    if request.method == "POST" and form.is_valid():
        try:
            return see_other(first_page(*start_publishing(**form.cleaned_data, by=person), form.cleaned_data["version"]), request)
        except (Conflict, Invalid) as error:
            put_errors(form, error)
    context = {
        "form": form,
        "teams": teams,
        "drafts": unfinished_of(person).filter(state__in=MAY_SUBMIT)[:MOST_DRAFTS],
        "steps": publish_stepper(None, "start"),
    }
    return page(request, "catalog/storefront/publish_new.html", context, status=422 if form.errors else 200)


def first_page(model: RegisteredModel, draft: ModelVersion | None, name: str) -> str:
    """Return where publishing goes on: at the files of the draft, or at the description that a service needs first."""
    return publish_path(draft, "files") if draft is not None else f"/models/new?model={model}&version={name}"


def publish_version(request: HttpRequest, model: RegisteredModel) -> HttpResponse:
    """Start another version of a model."""
    person: Any = request.user
    require_editor(person, model)
    names = [version.version for version in model.versions.all()]
    proposed = request.GET.get("version") or (next_name(names[0], {name.lower() for name in names}) if names else "1.0.0")
    form = (HostedVersionForm if model.is_hosted else VersionForm)(request.POST or None, initial={"version": proposed})
    if request.method == "POST" and form.is_valid():
        described = form.descriptor() if isinstance(form, HostedVersionForm) else None
        try:
            made = add_version(model, form.cleaned_data["version"], by=person, changelog=form.cleaned_data["changelog"], descriptor=described)
            return see_other(publish_path(made, "about" if model.is_hosted else "files"), request)
        except (Conflict, Invalid) as error:
            put_errors(form, error)
    context = {"form": form, "model": model, "steps": publish_stepper(None, "start")}
    return page(request, "catalog/storefront/publish_version.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def publish_files(request: HttpRequest, team: str, name: str, version: str) -> HttpResponse:
    """Bring the files of a draft; without JavaScript they come with the form."""
    draft = draft_named(request.user, team, name, version)
    if draft.model.is_hosted:
        return publish_service(request, draft)
    problems = change_files(request, draft) if request.method == "POST" else {}
    if request.method == "POST" and not problems:
        return see_other(publish_path(draft, "files"), request)
    return show_files(request, draft, problems)


def change_files(request: HttpRequest, draft: ModelVersion) -> dict[str, str]:
    """Take a file away, or take in those of the form; return what was refused, by name."""
    person: Any = request.user
    if "remove" in request.POST:
        remove_file(draft, request.POST["remove"], by=person)
        notice(request, f"{request.POST['remove']} was removed.")
        return {}
    files = request.FILES.getlist("files")
    problems = {} if files else {"": "Choose at least one file."}
    for file in files:
        try:
            add_file(draft, str(file.name), file, by=person, length=int(file.size or 0))
        except DomainError as error:
            problems[str(file.name)] = f"{error.sentence} {error.hint}".strip()
    return problems


def show_files(request: HttpRequest, draft: ModelVersion, problems: Mapping[str, str]) -> HttpResponse:
    """Show the files that are there, the same bytes elsewhere, and the room that is left."""
    files, team = list(files_of(draft)), draft.model.team
    context = {
        "version": draft,
        "path": version_path(draft),
        "action": publish_path(draft, "files"),
        "next": publish_path(draft, "about"),
        "steps": publish_stepper(draft, "files"),
        "files": files,
        "uploads": uploads_of(draft),
        "copies": duplicates_among(request.user, [file.blob_id for file in files], besides=draft),
        "problems": problems,
        "is_draft": draft.state == VersionState.DRAFT,
        "used": used_bytes(team),
        "quota": team.quota_bytes,
    }
    return page(request, "catalog/storefront/publish_files.html", context, status=422 if problems else 200)


def publish_service(request: HttpRequest, draft: ModelVersion) -> HttpResponse:
    """Change the description of a hosted service, until it is submitted."""
    person: Any = request.user
    given = dict(draft.descriptor or {}) | {"version": draft.version, "changelog": draft.changelog}
    form = HostedVersionForm(request.POST or None, initial=given)
    # The name of a version never changes.
    del form.fields["version"]
    if request.method == "POST" and form.is_valid():
        try:
            change_version(draft, by=person, descriptor=form.descriptor(), changelog=form.cleaned_data["changelog"])
            return see_other(publish_path(draft, "about"), request)
        except (Conflict, Invalid) as error:
            put_errors(form, error)
    context = {"form": form, "model": draft.model, "version": draft, "steps": publish_stepper(draft, "files")}
    return page(request, "catalog/storefront/publish_version.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def publish_about(request: HttpRequest, team: str, name: str, version: str) -> HttpResponse:
    """Say what the version is: filled from its files as far as they tell. Fields are saved when they are left, and with the button."""
    draft = draft_named(request.user, team, name, version)
    if request.method != "POST":
        return show_about(request, AboutPage(draft))
    person: Any = request.user
    numbers = RevisionForm(request.POST)
    shown = AboutPage(draft, request.POST, numbers.cleaned_data["revision"] if numbers.is_valid() else None)
    try:
        values, sources = shown.given()
        describe(draft, values, sources, shown.facts, by=person, expected_revision=shown.opened)
    except (Conflict, Invalid) as error:
        shown.put(error)
        return show_about(request, shown, error=error)
    if was_left(request):
        return show_about(request, AboutPage(draft))
    return see_other(publish_path(draft, "risk"), request)


def was_left(request: HttpRequest) -> bool:
    """Whether a field was left, and not the button pressed: htmx sends both, one after the other."""
    return wants_fragment(request) and "go" not in request.POST


def show_about(request: HttpRequest, shown: AboutPage, *, error: DomainError | None = None) -> HttpResponse:
    """Render the step, or after a field was left only whether it was saved."""
    draft = shown.version
    part = "catalog/storefront/_publish_saved.html" if was_left(request) else None
    context = {
        "version": draft,
        "path": version_path(draft),
        "steps": publish_stepper(draft, "about", {} if draft.model.is_hosted or files_of(draft).exists() else {"files": "no file yet"}),
        "about": shown,
        "form": shown.form,
        "error": error,
        "at": timezone.localtime(),
        "back": publish_path(draft, "files"),
    }
    status = error.status if error is not None else 200
    answer = page(request, "catalog/storefront/publish_about.html", context, fragment=part, status=status)
    return whole(answer) if error is not None and part is None else answer
