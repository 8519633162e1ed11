"""What the model page shows of duplicates."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from catalog.duplicates.queries import CopiedVersion, copies_of, copies_of_model
from catalog.registry.models import ModelVersion, RegisteredModel
from marketplace.web import slots


def model_panel(request: HttpRequest, model: RegisteredModel) -> str:
    """Render the copies of the newest version."""
    return _rendered(request, _found(request, model))


def version_panel(request: HttpRequest, version: ModelVersion) -> str:
    """Render the copies of one version."""
    return _rendered(request, _found(request, version))


def _found(request: HttpRequest, thing: RegisteredModel | ModelVersion) -> list[CopiedVersion]:
    """Ask once a request: the number beside the title and the panel are made of the same."""
    kept: dict[str, list[CopiedVersion]] = vars(request).setdefault("_copies_found", {})
    key = f"{thing._meta.model_name}:{thing.pk}"
    if key not in kept:
        kept[key] = copies_of(request.user, thing) if isinstance(thing, ModelVersion) else copies_of_model(request.user, thing)
    return kept[key]


def _rendered(request: HttpRequest, copies: list[CopiedVersion]) -> str:
    return render_to_string("catalog/duplicates/_panel.html", {"copies": copies}, request=request)


def count(request: HttpRequest, model: RegisteredModel) -> int | None:
    """How many copies, where there are any."""
    return len(_found(request, model)) or None


def version_count(request: HttpRequest, version: ModelVersion) -> int | None:
    """How many copies of one version, where there are any."""
    return len(_found(request, version)) or None


def connect() -> None:
    """Offer the panels to the pages of a model and of a version."""
    slots.fill("model", "duplicates", title="Duplicates", order=80, render=model_panel, count=count)
    slots.fill("version", "duplicates", title="Duplicates", order=60, render=version_panel, count=version_count)
