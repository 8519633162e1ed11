"""REST of people and their roles, for administrators."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.accounts.actions import activate_person, add_person, deactivate_person, give_role, hand_over, take_role
from marketplace.accounts.leaving import duties_of
from marketplace.accounts.models import Kind, OrganizationRole, User
from marketplace.accounts.people import by_name, people
from marketplace.accounts.permissions import require_administrator
from marketplace.accounts.queries import anybody_named, user_named
from marketplace.api.pagination import body
from marketplace.api.schema import PAGED
from marketplace.api.serializers import StrictSerializer
from marketplace.api.views import ApiView
from marketplace.errors import Invalid, NotFound
from marketplace.permissions.needs import OrgRole, TeamRole

FIND = OpenApiParameter("q", str, description="A part of the user name, the name or the mail")
STATE = OpenApiParameter("state", str, enum=["active", "left", "all"])
TRACK = OpenApiParameter("track", str, description="Of a reviewer's role")


class PersonInput(StrictSerializer):
    """A new person or service account."""

    username = serializers.CharField(max_length=96)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=Kind.choices, default=Kind.PERSON)


class PersonChange(StrictSerializer):
    """Whether somebody is here."""

    is_active = serializers.BooleanField()


class HandOverInput(StrictSerializer):
    """Who goes on."""

    to = serializers.CharField(max_length=96)


class RoleInput(StrictSerializer):
    """A role of the organization."""

    role = serializers.ChoiceField(choices=OrgRole.choices)
    track = serializers.CharField(max_length=40, required=False, allow_blank=True, default="", help_text="Needed for reviewers, and only for them")
    is_lead = serializers.BooleanField(default=False)


class RoleOutput(serializers.Serializer[Any]):
    """A role that somebody holds."""

    role = serializers.ChoiceField(choices=OrgRole.choices)
    track = serializers.CharField(allow_blank=True)
    is_lead = serializers.BooleanField()


class PlaceOutput(serializers.Serializer[Any]):
    """A team of a person."""

    team = serializers.CharField()
    role = serializers.ChoiceField(choices=TeamRole.choices)


class PersonOutput(serializers.Serializer[Any]):
    """A person with teams and roles."""

    username = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)
    kind = serializers.ChoiceField(choices=Kind.choices)
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    teams = PlaceOutput(many=True)
    roles = RoleOutput(many=True)


class DutyOutput(serializers.Serializer[Any]):
    """One kind of open duty."""

    kind = serializers.CharField()
    title = serializers.CharField()
    after = serializers.CharField(help_text="What becomes of it")
    moves = serializers.BooleanField(help_text="It can be handed over")
    things = serializers.ListField(child=serializers.CharField())
    unseen = serializers.IntegerField(help_text="More that you may not see by name")


class PersonDetail(PersonOutput):
    """A person with what they would leave."""

    duties = DutyOutput(many=True)


class PersonPage(serializers.Serializer[Any]):
    """Some people."""

    results = PersonOutput(many=True)
    next = serializers.CharField(allow_null=True)


class HandedOver(serializers.Serializer[Any]):
    """How much moved."""

    moved = serializers.IntegerField()
    duties = DutyOutput(many=True, help_text="What is still open")


class AdministratorView(ApiView):
    """A view for administrators alone."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(("GET", "HEAD", "POST", "PATCH", "DELETE"), "admin")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse everybody else before anything is read."""
        super().initial(request, *args, **kwargs)
        require_administrator(request.user, "see who has what")  # type: ignore[arg-type]


class People(AdministratorView):
    """People and service accounts."""

    @extend_schema(responses=PersonPage, parameters=[FIND, STATE, *PAGED], summary="List people")
    def get(self, request: Request) -> Response:
        """Return people by user name; administrators only."""
        state = request.query_params.get("state", "all")
        if state not in {"active", "left", "all"}:
            raise Invalid("The list was not made.", fields={"state": ["Use active, left or all."]})
        return Response(body(by_name(people(request.query_params.get("q", ""), state), request.query_params), person_shape))

    @extend_schema(request=PersonInput, responses={201: PersonOutput}, summary="Add a person")
    def post(self, request: Request) -> Response:
        """Add a person or a service account, without password: single sign-on, a token or an administrator lets them in."""
        made = add_person(by=request.user, **self.input(PersonInput))  # type: ignore[arg-type]
        return Response(person_shape(made), status=201, headers={"Location": f"/api/v1/people/{made.username}"})


class Person(AdministratorView):
    """One person."""

    @extend_schema(responses=PersonDetail, summary="Show a person")
    def get(self, request: Request, username: str) -> Response:
        """Return a person with teams, roles and open duties."""
        found = anybody_named(username)
        return Response(person_shape(found) | {"duties": duties_shape(found, request.user)})

    @extend_schema(request=PersonChange, responses=PersonOutput, summary="Deactivate or activate a person")
    def patch(self, request: Request, username: str) -> Response:
        """Let somebody leave (sessions stop; tokens and personal grants end for good), or come back."""
        person, is_active = anybody_named(username), self.input(PersonChange)["is_active"]
        return Response(person_shape((activate_person if is_active else deactivate_person)(person, by=request.user)))  # type: ignore[arg-type]


class PersonHandOver(AdministratorView):
    """Handing over what somebody leaves."""

    @extend_schema(request=HandOverInput, responses={200: HandedOver}, summary="Hand over what a person leaves")
    def post(self, request: Request, username: str) -> Response:
        """Move the models they answer for and the use cases they own, as far as the receiver sees the model or is in the team."""
        person, to = anybody_named(username), self.input(HandOverInput)["to"]
        try:
            receiver = user_named(to)
        except NotFound as missing:
            raise Invalid("Nothing was handed over.", fields={"to": [missing.sentence]}) from missing
        moved = hand_over(person, to=receiver, by=request.user)  # type: ignore[arg-type]
        return Response({"moved": moved, "duties": duties_shape(person, request.user)})


class PersonRoles(AdministratorView):
    """The organization roles of a person."""

    @extend_schema(request=RoleInput, responses={201: RoleOutput}, summary="Give an organization role")
    def post(self, request: Request, username: str) -> Response:
        """Give a role; it counts from the next request."""
        values = self.input(RoleInput)
        given = give_role(anybody_named(username), values.pop("role"), by=request.user, **values)  # type: ignore[arg-type]
        return Response(role_shape(given), status=201)


class PersonRole(AdministratorView):
    """One organization role of a person."""

    @extend_schema(responses={204: None}, parameters=[TRACK], summary="Take an organization role")
    def delete(self, request: Request, username: str, role: str) -> Response:
        """Take a role away; the last administrator stays."""
        take_role(anybody_named(username), role, track=request.query_params.get("track", ""), by=request.user)  # type: ignore[arg-type]
        return Response(status=204)


def role_shape(row: OrganizationRole) -> dict[str, Any]:
    """Return a role as JSON."""
    return {"role": row.role, "track": row.track, "is_lead": row.is_lead}


def person_shape(person: User) -> dict[str, Any]:
    """Return a person as JSON."""
    plain = {name: getattr(person, name) for name in ("username", "name", "email", "kind", "is_active", "created_at")}
    places = [{"team": place.team.name, "role": place.role} for place in person.memberships.all()]
    return plain | {"teams": places, "roles": [role_shape(row) for row in person.organization_roles.all()]}


def duties_shape(person: User, viewer: Any) -> list[dict[str, Any]]:
    """Return open duties as JSON."""
    return [
        {
            "kind": part.kind.name,
            "title": part.kind.title,
            "after": part.kind.after,
            "moves": part.kind.hand_over is not None,
            "things": [duty.text for duty in part.shown],
            "unseen": part.unseen,
        }
        for part in duties_of(person, viewer=viewer)
    ]
