"""What the model page shows of use."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from catalog.registry.models import RegisteredModel
from catalog.usage.queries import WEEKS, usage_of
from marketplace.web import slots


def model_panel(request: HttpRequest, model: RegisteredModel) -> str:
    """Render who uses a model how much."""
    context = {"usage": usage_of(request.user, model), "model": model, "weeks": WEEKS}
    return render_to_string("catalog/usage/_panel.html", context, request=request)


def connect() -> None:
    """Offer the panel to the page of a model."""
    slots.fill("model", "usage", title="Usage", order=70, render=model_panel)
