"""REST of models, versions, aliases, grants and use cases."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.registry import serializers as shapes
from catalog.registry.actions import (
    add_version,
    bring_in,
    change_model,
    change_use_case,
    change_version,
    create_use_case,
    end_grant,
    give_grant,
    register_model,
    remove_alias,
    set_alias,
)
from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.on_request import shows_files, versions_showing_files
from catalog.registry.queries import (
    alias_named,
    aliases_of,
    approvals_of,
    grant_of,
    grants_seen,
    model_named,
    standing_on,
    use_case_of,
    use_case_to_ask_for,
    use_case_to_grant,
    use_cases_for,
    version_named,
    versions_of,
)
from marketplace.accounts.queries import owners_of, team_named, user_named
from marketplace.api.pagination import body, keyset_by_id
from marketplace.api.schema import PAGED
from marketplace.api.views import ApiView
from marketplace.errors import Invalid, NotFound

ADMIN: dict[str, str] = {"GET": "read", "HEAD": "read", "POST": "admin", "DELETE": "admin"}


def shown(model: RegisteredModel, viewer: Any) -> dict[str, Any]:
    """Return a model as this viewer may see it."""
    return shapes.model_shape(model, standing_on(model, viewer), list(aliases_of(model)))


def detailed(version: ModelVersion, viewer: Any) -> dict[str, Any]:
    """Return a version with its approvals, as this viewer may see it."""
    return shapes.version_shape(version, shows_size=shows_files(viewer, version)) | {
        "approvals": [shapes.approval_shape(a) for a in approvals_of(version)]
    }


def named_in(values: dict[str, Any]) -> dict[str, Any]:
    """Put the person or team in the place of the name; an unknown one is a value to mend."""
    for field, find in (("accountable", user_named), ("user", user_named), ("owner", user_named), ("team", team_named)):
        if field in values:
            try:
                values[field] = find(values[field])
            except NotFound as missing:
                raise Invalid("Some values need mending.", fields={field: [missing.sentence]}) from missing
    return values


class ModelView(ApiView):
    """One model."""

    @extend_schema(responses=shapes.ModelDetail, summary="Show a model")
    def get(self, request: Request, team: str, name: str) -> Response:
        """Return a model, what this caller may do with it, and its aliases."""
        return Response(shown(model_named(request.user, team, name), request.user))

    @extend_schema(request=shapes.ModelChange, responses=shapes.ModelDetail, summary="Change a model")
    def patch(self, request: Request, team: str, name: str) -> Response:
        """Change facts of a model; what is left out stays."""
        model, user = model_named(request.user, team, name), request.user
        change_model(model, by=user, **named_in(self.input(shapes.ModelChange)))  # type: ignore[arg-type]
        return Response(shown(model_named(user, team, name), user))


class ModelCreate(ApiView):
    """New models; the list on the same address belongs to search."""

    @extend_schema(request=shapes.ModelInput, responses={201: shapes.ModelDetail}, summary="Register a model")
    def post(self, request: Request) -> Response:
        """Register a model for one of your teams; its first version is added next."""
        values, user = named_in(self.input(shapes.ModelInput)), request.user
        model = register_model(values.pop("team"), values.pop("name"), by=user, **values)  # type: ignore[arg-type]
        return Response(shown(model, user), status=201, headers={"Location": shapes.path_of(model)})


class Versions(ApiView):
    """The versions of a model."""

    @extend_schema(responses=shapes.VersionPage, parameters=PAGED, summary="List versions")
    def get(self, request: Request, team: str, name: str) -> Response:
        """Return the versions of a model, newest first."""
        model = model_named(request.user, team, name)
        shown_whole = versions_showing_files(request.user, model)

        def shape(version: ModelVersion) -> dict[str, Any]:
            return shapes.version_shape(version, shows_size=shown_whole is None or version.pk in shown_whole)

        return Response(body(keyset_by_id(versions_of(model), request.query_params), shape))

    @extend_schema(request=shapes.VersionInput, responses={201: shapes.VersionDetail}, summary="Add a version")
    def post(self, request: Request, team: str, name: str) -> Response:
        """Add a draft version; files come next, then the submit."""
        values = self.input(shapes.VersionInput)
        model = model_named(request.user, team, name)
        made = add_version(model, values.pop("version"), by=request.user, **values)  # type: ignore[arg-type]
        found = version_named(model, made.version)
        return Response(detailed(found, request.user), status=201, headers={"Location": shapes.path_of(model, "versions", made.version)})


class VersionView(ApiView):
    """One version."""

    @extend_schema(responses=shapes.VersionDetail, summary="Show a version")
    def get(self, request: Request, team: str, name: str, version: str) -> Response:
        """Return a version, by its name or by `@alias`."""
        return Response(detailed(version_named(model_named(request.user, team, name), version), request.user))

    @extend_schema(request=shapes.VersionChange, responses=shapes.VersionDetail, summary="Change a version")
    def patch(self, request: Request, team: str, name: str, version: str) -> Response:
        """Change what is asked for; files and digest never change after the first submit."""
        values, user = self.input(shapes.VersionChange), request.user
        found = version_to_change(user, team, name, version)
        if "use_case" in values:
            values["use_case"] = use_case_to_ask_for(user, values["use_case"])
        change_version(found, by=user, **values)  # type: ignore[arg-type]
        return Response(detailed(version_named(found.model, found.version), user))


def version_to_change(user: Any, team: str, name: str, version: str) -> ModelVersion:
    """Return a version by its own name: an alias may point elsewhere in a moment."""
    if version.startswith("@"):
        raise Invalid("An alias can point to another version in a moment.", fields={"version": ["Name the version itself to change it."]})
    return version_named(model_named(user, team, name), version)


class AliasView(ApiView):
    """One alias of a model."""

    @extend_schema(responses=shapes.AliasOutput, summary="Show an alias")
    def get(self, request: Request, team: str, name: str, alias: str) -> Response:
        """Return where an alias points."""
        return Response(shapes.alias_shape(alias_named(model_named(request.user, team, name), alias)))

    @extend_schema(request=shapes.AliasInput, responses={200: shapes.AliasOutput}, summary="Set an alias")
    def put(self, request: Request, team: str, name: str, alias: str) -> Response:
        """Point an alias to a version; `production` and `champion` only to an approved one, by an owner who did not make it."""
        wanted = self.input(shapes.AliasInput)["version"]
        model = model_named(request.user, team, name)
        return Response(shapes.alias_shape(set_alias(model, alias, version_named(model, wanted), by=request.user)))  # type: ignore[arg-type]

    @extend_schema(responses={204: None}, summary="Remove an alias")
    def delete(self, request: Request, team: str, name: str, alias: str) -> Response:
        """Remove an alias; the version stays."""
        remove_alias(alias_named(model_named(request.user, team, name), alias), by=request.user)  # type: ignore[arg-type]
        return Response(status=204)


class Grants(ApiView):
    """Who may use a model."""

    scopes: ClassVar[dict[str, str]] = ADMIN

    @extend_schema(responses=shapes.GrantPage, parameters=PAGED, summary="List grants")
    def get(self, request: Request, team: str, name: str) -> Response:
        """Return the grants in force: all for the owners of the model and for overseers, else those you hold."""
        rows = grants_seen(request.user, model_named(request.user, team, name))
        return Response(body(keyset_by_id(rows, request.query_params), shapes.grant_shape))

    @extend_schema(request=shapes.GrantInput, responses={201: shapes.GrantOutput}, summary="Give a grant")
    def post(self, request: Request, team: str, name: str) -> Response:
        """Give a person or a team the right to use the model for a use case, until an end; owners only."""
        values = named_in(self.input(shapes.GrantInput))
        model, user = model_named(request.user, team, name), request.user
        values["use_case"] = use_case_to_grant(user, model, values["use_case"])
        grant = give_grant(model, by=user, **values)  # type: ignore[arg-type]
        return Response(shapes.grant_shape(grant), status=201, headers={"Location": shapes.path_of(model, "grants", str(grant.pk))})


class GrantView(ApiView):
    """One grant."""

    scopes: ClassVar[dict[str, str]] = ADMIN

    @extend_schema(responses=shapes.GrantOutput, summary="Show a grant")
    def get(self, request: Request, team: str, name: str, pk: int) -> Response:
        """Return a grant that is in force and that you may see."""
        return Response(shapes.grant_shape(grant_of(request.user, model_named(request.user, team, name), pk)))

    @extend_schema(responses={204: None}, summary="End a grant")
    def delete(self, request: Request, team: str, name: str, pk: int) -> Response:
        """End a grant now: it bites with the next request. Owners, and whoever holds it."""
        end_grant(grant_of(request.user, model_named(request.user, team, name), pk), by=request.user)  # type: ignore[arg-type]
        return Response(status=204)


class UseCases(ApiView):
    """What models are used for."""

    @extend_schema(responses=shapes.UseCasePage, parameters=PAGED, summary="List use cases of my teams")
    def get(self, request: Request) -> Response:
        """Return the open use cases of your teams, newest first."""
        return Response(body(keyset_by_id(use_cases_for(request.user), request.query_params), shapes.use_case_shape))

    @extend_schema(request=shapes.UseCaseInput, responses={201: shapes.UseCaseOutput}, summary="Name a use case")
    def post(self, request: Request) -> Response:
        """Name what models are used for in one of your teams."""
        values = named_in(self.input(shapes.UseCaseInput))
        made = create_use_case(values.pop("name"), team=values.pop("team"), by=request.user, **values)  # type: ignore[arg-type]
        return Response(shapes.use_case_shape(made), status=201, headers={"Location": f"/api/v1/use-cases/{made.pk}"})


class UseCaseView(ApiView):
    """One use case."""

    @extend_schema(responses=shapes.UseCaseOutput, summary="Show a use case")
    def get(self, request: Request, pk: int) -> Response:
        """Return a use case of one of your teams, also one that is closed."""
        return Response(shapes.use_case_shape(use_case_of(request.user, pk)))

    @extend_schema(request=shapes.UseCaseChange, responses=shapes.UseCaseOutput, summary="Change or close a use case")
    def patch(self, request: Request, pk: int) -> Response:
        """Change a use case; its owner and the owners of its team may."""
        found, values = use_case_of(request.user, pk), named_in(self.input(shapes.UseCaseChange))
        return Response(shapes.use_case_shape(change_use_case(found, by=request.user, **values)))  # type: ignore[arg-type]


class BringIn(ApiView):
    """Asking for a model that is only listed."""

    @extend_schema(request=shapes.ReasonInput, responses={202: shapes.AskedOutput}, summary="Ask to bring in a listed model")
    def post(self, request: Request, team: str, name: str) -> Response:
        """Ask the owners of a model that is only listed to bring it in; they are told, and the request is recorded."""
        model = bring_in(model_named(request.user, team, name), by=request.user, **self.input(shapes.ReasonInput))  # type: ignore[arg-type]
        asked = [person.username for person in owners_of(model.team_id)]
        return Response({"model": str(model), "asked": asked}, status=202)
