"""Pages of a card: the editor, section by section, its preview, its history, and README.md in and out."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.cards.actions import import_readme, rendered, save_card
from catalog.cards.editing import FieldsForm, written
from catalog.cards.facts import known, schema_of
from catalog.cards.forms import ReadmeForm, SummaryForm, TextForm
from catalog.cards.models import CardRevision
from catalog.cards.pages import TEXT, EditPage, crumbs, model_path, readme_response, shown_changes, shown_sections, tier_shown
from catalog.cards.queries import bound_versions, card_revision, current_card, diff, history
from catalog.cards.schema import Field
from catalog.registry.models import RegisteredModel
from catalog.registry.permissions import require_editor
from catalog.registry.queries import model_named
from marketplace.errors import Conflict, Invalid
from marketplace.markdown import render
from marketplace.web.pages import notice, page, see_other

ROWS = 200
MOST_NAMED = 5


def editable(request: HttpRequest, team: str, name: str) -> RegisteredModel:
    """Return the model, if the person may change its card."""
    person: Any = request.user
    model = model_named(person, team, name)
    require_editor(person, model)
    return model


def editor(request: HttpRequest, model: RegisteredModel) -> EditPage:
    """Return the editor at the section that the address names."""
    return EditPage(model, tier_shown(request, model), request.GET.get("section", ""))


def section_form(shown: EditPage, base: CardRevision | None, data: Any = None) -> Any:
    """Return the form of the section, filled from a revision."""
    if shown.section_key == TEXT:
        return TextForm(data, initial={"text": base.text if base is not None else ""})
    return FieldsForm(shown.fields, data, values=known(base, shown.model)[0], third_party=shown.schema.third_party)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, team: str, name: str) -> HttpResponse:
    """Edit one section of the card; a POST saves what was changed as a new revision."""
    shown = editor(request, editable(request, team, name))
    if request.method == "POST":
        return save(request, shown)
    return show(request, shown, section_form(shown, shown.card), SummaryForm(initial={"revision": shown.number}))


def save(request: HttpRequest, shown: EditPage) -> HttpResponse:
    """Save the section; whatever goes wrong, what was typed stays on the page."""
    about = SummaryForm(request.POST)
    if not about.is_valid():
        return show(request, shown, section_form(shown, shown.card, request.POST), about, status=422)
    number = about.cleaned_data["revision"]
    base = card_revision(shown.model, number) if number else None
    form = section_form(shown, base, request.POST)
    approved = bound_versions(shown.model)
    try:
        card = store(request, shown, form, about.cleaned_data)
    except Invalid as error:
        form.put(error)
        return show(request, shown, form, about, status=422)
    except Conflict as error:
        return show_clash(request, shown, form, base, error)
    tell(request, shown, card, approved)
    return see_other(after(request, shown), request)


def store(request: HttpRequest, shown: EditPage, form: Any, about: dict[str, Any]) -> CardRevision:
    """Save what the form changed."""
    if not form.is_valid():
        raise Invalid("The card was not saved.")
    person: Any = request.user
    pinned = {"by": person, "summary": about["summary"], "expected_revision": about["revision"]}
    if isinstance(form, TextForm):
        return save_card(shown.model, values={}, text=form.cleaned_data["text"], **pinned)
    values, sources = form.given()
    taken = form.taken(shown.found)
    return save_card(shown.model, values=values | taken, sources=sources | dict.fromkeys(taken, "found"), **pinned)


def tell(request: HttpRequest, shown: EditPage, card: CardRevision, approved: list[tuple[str, int]]) -> None:
    """Say what was saved, and which of the versions that were approved before it are not any more."""
    if card.number == shown.number:
        notice(request, "Nothing was changed.", "info")
        return
    kept = bound_versions(shown.model)
    lost = list(dict.fromkeys(version for version, _ in approved if version not in {name for name, _ in kept}))
    words = f"Saved as revision {card.number}."
    if lost:
        words += f" You changed a field marked material: the approval of {_listed(lost)} is void. Submit it again for review."
    notice(request, words, "warning" if lost else "success")


def _listed(names: list[str]) -> str:
    """Name the first few."""
    return f"{', '.join(names[:MOST_NAMED])}{' and others' if len(names) > MOST_NAMED else ''}"


def after(request: HttpRequest, shown: EditPage) -> str:
    """Return where to go after a save: to the next missing field, or to the same section."""
    if "next" not in request.POST:
        return shown.url(shown.section_key)
    anew = EditPage(shown.model, shown.tier, shown.section_key)
    following = anew.next_missing(after=shown.section_key)
    return anew.url(following) if following else model_path(shown.model)


def show(request: HttpRequest, shown: EditPage, form: Any, about: SummaryForm, *, status: int = 200, **more: Any) -> HttpResponse:
    """Render the editor."""
    rows = shown.rows(form) if isinstance(form, FieldsForm) else []
    upload = ReadmeForm(initial={"revision": shown.number})
    context = shown.context() | {"form": form, "about": about, "rows": rows, "readme_form": upload} | more
    return page(request, "catalog/cards/edit.html", context, status=status)


def show_clash(request: HttpRequest, shown: EditPage, form: Any, base: CardRevision | None, error: Conflict) -> HttpResponse:
    """Show both values of every field that somebody else changed meanwhile; saving again puts mine over theirs."""
    mine = set(form.changed_data)
    fields: list[Field] = [] if isinstance(form, TextForm) else [f for f in shown.fields if changed(f, base, shown)]
    both = [
        {"title": f.title, "theirs": written(f, shown.values.get(f.key)), "mine": form.data.get(f.key, ""), "touched": f.key in mine} for f in fields
    ]
    if isinstance(form, TextForm) and shown.card is not None and shown.card.text != (base.text if base is not None else ""):
        both = [{"title": "Text", "theirs": shown.card.text, "mine": form.data.get("text", ""), "touched": True}]
    data = request.POST.copy()
    for field in fields:
        if field.key not in mine and field.type != "multi":
            data[field.key] = written(field, shown.values.get(field.key))
    data["revision"] = str(shown.number)
    about = SummaryForm(data)
    return show(request, shown, section_form(shown, shown.card, data), about, status=409, clash=error, both=both, theirs=shown.card)


def changed(field: Field, base: CardRevision | None, shown: EditPage) -> bool:
    """Whether a field differs between the revision that was opened and the present one."""
    return bool(known(base, shown.model)[0].get(field.key) != shown.values.get(field.key))


@login_required
@require_POST
def preview(request: HttpRequest, team: str, name: str) -> HttpResponse:
    """Show the text as it will look."""
    model = editable(request, team, name)
    made = render(request.POST.get("text", "")[:1_000_000])
    return page(request, "catalog/cards/preview.html", {"made": made, "crumbs": crumbs(model, "Preview")}, fragment="catalog/cards/_preview.html")


@login_required
@require_POST
def take_readme(request: HttpRequest, team: str, name: str) -> HttpResponse:
    """Take over a README.md."""
    person: Any = request.user
    model = editable(request, team, name)
    form = ReadmeForm(request.POST, request.FILES)
    if not form.is_valid():
        return show_readme(request, model, form, 422)
    try:
        card, warnings = import_readme(model, form.cleaned_data["readme"], by=person, expected_revision=form.cleaned_data["revision"])
    except (Conflict, Invalid) as error:
        form.add_error("readme", f"{error.sentence} {error.hint}".strip())
        return show_readme(request, model, form, error.status)
    notice(request, f"README.md was taken over as revision {card.number}.")
    for words in warnings[:5]:
        notice(request, words, "warning")
    return see_other(f"{model_path(model)}/card/{card.number}", request)


def show_readme(request: HttpRequest, model: RegisteredModel, form: ReadmeForm, status: int) -> HttpResponse:
    """Render the editor with what is wrong with the README; the number to send again is the present one."""
    shown = EditPage(model, tier_shown(request, model), TEXT)
    anew: Any = request.POST.copy()
    anew["revision"] = str(shown.number)
    form.data = anew
    return show(request, shown, section_form(shown, shown.card), SummaryForm(initial={"revision": shown.number}), status=status, readme_form=form)


@login_required
@require_safe
def revision(request: HttpRequest, team: str, name: str, number: int) -> HttpResponse:
    """Show one revision and what it changed."""
    model = model_named(request.user, team, name)
    card, before = rendered(card_revision(model, number)), card_revision(model, number - 1) if number > 1 else None
    values, sources = known(card, model)
    difference, schema = diff(before, card, model), schema_of(model)
    context = {
        "model": model,
        "path": model_path(model),
        "crumbs": crumbs(model, f"Card, revision {number}"),
        "card": card,
        "difference": difference,
        "changes": shown_changes(difference, schema),
        "sections": shown_sections(schema, values, sources, card.found),
        "revisions": history(model)[:ROWS],
        "bound": [version for version, pinned in bound_versions(model) if pinned == number],
    }
    return page(request, "catalog/cards/revision.html", context)


@login_required
@require_safe
def readme(request: HttpRequest, team: str, name: str) -> HttpResponseBase:
    """Save the present card as README.md."""
    model = model_named(request.user, team, name)
    return readme_response(model, current_card(model))
