"""REST of the service accounts of a team, and of the CI jobs they trust. Their tokens: /api/v1/tokens with `service_account`."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.registry import account_serializers as shapes
from catalog.registry.actions import change_accountable, create_service_account, end_service_account
from catalog.registry.models import ServiceAccount
from catalog.registry.queries import use_case_for_programs
from catalog.registry.service_accounts import service_account_named, service_accounts_of
from marketplace.accounts.keys.actions import add_publisher, remove_publisher
from marketplace.accounts.keys.queries import publisher_of, publishers_of
from marketplace.accounts.models import Team, User
from marketplace.accounts.permissions import require_member, require_team_manager
from marketplace.accounts.queries import team_named, user_named
from marketplace.api.pagination import body, keyset_by_id
from marketplace.api.schema import PAGED
from marketplace.api.views import ApiView
from marketplace.errors import Invalid, NotFound

ADMIN: dict[str, str] = {"GET": "read", "HEAD": "read", "POST": "admin", "PATCH": "admin", "DELETE": "admin"}


def team_for(request: Request, name: str) -> Team:
    """The team, for somebody who is in it or looks after it."""
    team = team_named(name)
    require_member(request.user, team, "see its service accounts")  # type: ignore[arg-type]
    return team


def account_for(request: Request, team: str, account: str) -> ServiceAccount:
    """A service account of a team, for somebody of the team."""
    return service_account_named(team_for(request, team), account)


def person(username: str) -> User:
    """The person of that name; an unknown one is a value to mend."""
    try:
        return user_named(username)
    except NotFound as missing:
        raise Invalid("Some values need mending.", fields={"accountable": [missing.sentence]}) from missing


class ServiceAccounts(ApiView):
    """The service accounts of a team."""

    scopes: ClassVar[dict[str, str]] = ADMIN

    @extend_schema(responses=shapes.ServiceAccountPage, parameters=PAGED, summary="List service accounts")
    def get(self, request: Request, team: str) -> Response:
        """Return the service accounts of a team, oldest first; its members may."""
        rows = service_accounts_of(team_for(request, team))
        return Response(body(keyset_by_id(rows, request.query_params, newest_first=False), shapes.service_account_shape))

    @extend_schema(request=shapes.ServiceAccountInput, responses={201: shapes.ServiceAccountOutput}, summary="Make a service account")
    def post(self, request: Request, team: str) -> Response:
        """Make a service account; owners of the team may. Its tokens come next."""
        found, me, values = team_for(request, team), request.user, self.input(shapes.ServiceAccountInput)
        require_team_manager(me, found)  # type: ignore[arg-type]
        values["use_case"] = use_case_for_programs(found, values["use_case"])
        values["accountable"] = person(values["accountable"]) if "accountable" in values else me
        made = create_service_account(found, values.pop("username"), by=me, **values)  # type: ignore[arg-type]
        shown = shapes.service_account_shape(service_account_named(found, made.user.username))
        return Response(shown, status=201, headers={"Location": f"/api/v1/teams/{found.name}/service-accounts/{made.user.username}"})


class ServiceAccountView(ApiView):
    """One service account."""

    scopes: ClassVar[dict[str, str]] = ADMIN

    @extend_schema(responses=shapes.ServiceAccountOutput, summary="Show a service account")
    def get(self, request: Request, team: str, account: str) -> Response:
        """Return a service account; members of its team may."""
        return Response(shapes.service_account_shape(account_for(request, team, account)))

    @extend_schema(request=shapes.ServiceAccountChange, responses=shapes.ServiceAccountOutput, summary="Name who answers for it")
    def patch(self, request: Request, team: str, account: str) -> Response:
        """Name another person who answers for it; use case and environment stay what they were."""
        found = account_for(request, team, account)
        change_accountable(found, person(self.input(shapes.ServiceAccountChange)["accountable"]), by=request.user)  # type: ignore[arg-type]
        return Response(shapes.service_account_shape(account_for(request, team, account)))

    @extend_schema(responses={204: None}, summary="End a service account")
    def delete(self, request: Request, team: str, account: str) -> Response:
        """End it for good; its tokens count no more."""
        end_service_account(account_for(request, team, account), by=request.user)  # type: ignore[arg-type]
        return Response(status=204)


class Publishers(ApiView):
    """The CI jobs that get tokens of a service account."""

    scopes: ClassVar[dict[str, str]] = ADMIN

    @extend_schema(responses=shapes.PublisherPage, parameters=PAGED, summary="List trusted CI jobs")
    def get(self, request: Request, team: str, account: str) -> Response:
        """Return the CI jobs that a service account trusts, newest first."""
        rows: Any = publishers_of(account_for(request, team, account).user)
        return Response(body(keyset_by_id(rows, request.query_params), shapes.publisher_shape))

    @extend_schema(request=shapes.PublisherInput, responses={201: shapes.PublisherOutput}, summary="Trust a CI job")
    def post(self, request: Request, team: str, account: str) -> Response:
        """Trust one workflow of one repository at one branch or tag."""
        found = account_for(request, team, account)
        require_team_manager(request.user, found.team)  # type: ignore[arg-type]
        token: Any = request.auth
        made = add_publisher(found.user, by=request.user, parent=token, **self.input(shapes.PublisherInput))  # type: ignore[arg-type]
        where = f"/api/v1/teams/{found.team.name}/service-accounts/{found.user.username}/publishers/{made.pk}"
        return Response(shapes.publisher_shape(made), status=201, headers={"Location": where})


class PublisherView(ApiView):
    """One trusted CI job."""

    scopes: ClassVar[dict[str, str]] = ADMIN

    @extend_schema(responses={204: None}, summary="Trust a CI job no more")
    def delete(self, request: Request, team: str, account: str, pk: int) -> Response:
        """Remove the rule; tokens that jobs got by it end at once."""
        remove_publisher(publisher_of(account_for(request, team, account).user, pk), by=request.user)  # type: ignore[arg-type]
        return Response(status=204)
