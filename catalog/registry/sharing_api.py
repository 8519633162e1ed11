"""REST of who knows of a model."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.registry import serializers as shapes
from catalog.registry.actions import share_model
from catalog.registry.models import RegisteredModel
from catalog.registry.permissions import require_manager
from catalog.registry.queries import model_named, teams_shown
from marketplace.accounts.queries import teams_named
from marketplace.api.views import ApiView
from marketplace.permissions.models import Visibility


class Sharing(ApiView):
    """Who knows of a model, and who sees which files it has."""

    @extend_schema(responses=shapes.SharingOutput, summary="Show who knows of a model")
    def get(self, request: Request, team: str, name: str) -> Response:
        """Return whom a model is shown to; owners only."""
        model = model_named(request.user, team, name)
        require_manager(request.user, model)  # type: ignore[arg-type]
        return Response(shape(model))

    @extend_schema(request=shapes.SharingInput, responses=shapes.SharingOutput, summary="Say who knows of a model")
    def put(self, request: Request, team: str, name: str) -> Response:
        """Show a model to everybody, to named teams with those below them, or to its owner team alone; owners only."""
        values = {"teams": [], "files_on_request": False} | self.input(shapes.SharingInput)
        return Response(self._share(model_named(request.user, team, name), values))

    @extend_schema(request=shapes.SharingChange, responses=shapes.SharingOutput, summary="Change who knows of a model")
    def patch(self, request: Request, team: str, name: str) -> Response:
        """Change a part of it; what is left out stays, and names of teams go when it is not shown to named teams any more."""
        model, values = model_named(request.user, team, name), self.input(shapes.SharingChange)
        visibility = values.setdefault("visibility", model.visibility)
        if "teams" not in values:
            values["teams"] = [shown.name for shown in teams_shown(model)] if visibility == Visibility.TEAMS else []
        return Response(self._share(model, {"files_on_request": None} | values))

    def _share(self, model: RegisteredModel, values: dict[str, Any]) -> dict[str, Any]:
        require_manager(self.request.user, model)  # type: ignore[arg-type]
        return shape(share_model(model, by=self.request.user, **values | {"teams": teams_named(values["teams"])}))  # type: ignore[arg-type]


def shape(model: RegisteredModel) -> dict[str, Any]:
    """Return it as JSON."""
    return {
        "visibility": model.visibility,
        "teams": [team.name for team in teams_shown(model)],
        "files_on_request": model.files_on_request,
    }
