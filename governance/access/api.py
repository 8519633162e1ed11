"""Access in REST: requests, decisions, answers, the rule of a model."""

from typing import Any, ClassVar, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.registry.models import UseCase
from catalog.registry.queries import grant_of, model_by_path, model_named
from governance.access.actions import answer_question, ask_for_access, decide_part, say_still_needed, set_access_rule, withdraw_request
from governance.access.queries import grant_of_mine, part_named, request_numbered, requests_for, rule_of, subject_by_default, use_case_to_ask_for
from governance.access.sentences import request_path
from governance.access.serializers import (
    AccessAnswerInput,
    AccessDecisionInput,
    AccessDecisionShape,
    AccessNothingInput,
    AccessPartShape,
    AccessRequestInput,
    AccessRequestPage,
    AccessRequestShape,
    AccessRuleInput,
    AccessRuleShape,
    ConfirmedShape,
    access_decision_json,
    part_json,
    request_json,
    rule_json,
)
from governance.access.states import PartState
from marketplace.accounts.models import User
from marketplace.accounts.queries import team_named, user_named
from marketplace.api.pagination import body, keyset_by_id
from marketplace.api.schema import PAGED
from marketplace.api.views import ApiView
from marketplace.errors import Invalid, NotFound

DECIDING: dict[str, str] = {"GET": "read", "HEAD": "read", "POST": "review"}
RULING: dict[str, str] = {"GET": "read", "HEAD": "read", "PUT": "admin"}


def subject_in(values: dict[str, Any], caller: User, use_case: UseCase) -> dict[str, Any]:
    """Return whom a request is for: who is named, else the team of the use case or the only team of the caller."""
    named: dict[str, Any] = {}
    for field, find in (("team", team_named), ("user", user_named)):
        if field in values:
            try:
                named[field] = find(values[field])
            except NotFound as missing:
                raise Invalid("The request was not sent.", fields={field: [f"There is no {field} of this name."]}) from missing
    return named or {"team": subject_by_default(caller, use_case)}


class AccessRequests(ApiView):
    """The requests that the caller may see, and new ones."""

    @extend_schema(
        responses=AccessRequestPage, parameters=[OpenApiParameter("state", str, enum=PartState.values), *PAGED], summary="List requests for access"
    )
    def get(self, request: Request) -> Response:
        """List what you and your teams asked for, and what your office decides on, newest first."""
        state = request.GET.get("state", "")
        if state and state not in PartState.values:
            raise Invalid("There is no such state.", fields={"state": [f"Use one of {', '.join(PartState.values)}."]})
        return Response(body(keyset_by_id(requests_for(request.user, state=state), request.GET), request_json))

    @extend_schema(request=AccessRequestInput, responses={201: AccessRequestShape}, summary="Ask for access")
    def post(self, request: Request) -> Response:
        """Ask for access, for a team, a person or a service account; a rule may grant it at once."""
        values, caller = self.input(AccessRequestInput), cast("User", request.user)
        models = [model_by_path(caller, path) for path in values.pop("models")]
        use_case = use_case_to_ask_for(caller, models, values.pop("use_case"))
        subject = subject_in(values, caller, use_case)
        renews = grant_of_mine(caller, values["renews"]) if "renews" in values else None
        wish = {key: value for key, value in values.items() if key not in {"team", "user", "renews"}}
        made = ask_for_access(models, by=caller, use_case=use_case, renews=renews, **subject, **wish)
        shown = request_numbered(caller, made.pk)
        return Response(request_json(shown), status=201, headers={"Location": request_path(shown)})


class AccessRequestView(ApiView):
    """One request."""

    @extend_schema(responses=AccessRequestShape, summary="Show a request for access")
    def get(self, request: Request, number: int) -> Response:
        """Return it with where each model stands."""
        return Response(request_json(request_numbered(request.user, number)))


class AccessWithdraw(ApiView):
    """Taking a request back."""

    @extend_schema(request=AccessNothingInput, responses=AccessRequestShape, summary="Withdraw a request for access")
    def post(self, request: Request, number: int) -> Response:
        """Withdraw everything that is not decided yet."""
        self.input(AccessNothingInput)
        withdraw_request(request_numbered(request.user, number), by=cast("User", request.user))
        return Response(request_json(request_numbered(request.user, number)))


class AccessDecisions(ApiView):
    """Decisions on what a request asks of one model."""

    scopes: ClassVar[dict[str, str]] = DECIDING

    @extend_schema(responses=AccessDecisionShape(many=True), summary="List decisions on access to a model")
    def get(self, request: Request, number: int, team: str, name: str) -> Response:
        """List them, oldest first."""
        return Response([access_decision_json(d) for d in part_named(request.user, number, team, name).decisions.all()])

    @extend_schema(request=AccessDecisionInput, responses={201: AccessPartShape}, summary="Decide on access to a model")
    def post(self, request: Request, number: int, team: str, name: str) -> Response:
        """Grant, ask or deny at one step; of two who decide at once the second gets 409."""
        part = part_named(request.user, number, team, name)
        decide_part(part, by=cast("User", request.user), **self.input(AccessDecisionInput))
        return Response(part_json(part_named(request.user, number, team, name)), status=201, headers={"Location": request_path(part.request)})


class AccessAnswer(ApiView):
    """Answering a question about a request."""

    @extend_schema(request=AccessAnswerInput, responses=AccessPartShape, summary="Answer a question about access")
    def post(self, request: Request, number: int, team: str, name: str) -> Response:
        """Answer; the clock goes on."""
        part = part_named(request.user, number, team, name)
        answer_question(part, self.input(AccessAnswerInput)["text"], by=cast("User", request.user))
        return Response(part_json(part_named(request.user, number, team, name)))


class AccessRuleView(ApiView):
    """How access to a model is given."""

    scopes: ClassVar[dict[str, str]] = RULING

    @extend_schema(responses=AccessRuleShape, summary="Show the access rule of a model")
    def get(self, request: Request, team: str, name: str) -> Response:
        """Return the rule, with the questions that a request has to answer."""
        return Response(rule_json(rule_of(model_named(request.user, team, name))))

    @extend_schema(request=AccessRuleInput, responses=AccessRuleShape, summary="Set the access rule of a model")
    def put(self, request: Request, team: str, name: str) -> Response:
        """Set the rule; owners only."""
        model, values = model_named(request.user, team, name), self.input(AccessRuleInput)
        return Response(rule_json(set_access_rule(model, by=cast("User", request.user), **values)))


class GrantConfirm(ApiView):
    """Saying that a grant is still needed."""

    @extend_schema(request=AccessNothingInput, responses=ConfirmedShape, summary="Say that access is still needed")
    def post(self, request: Request, team: str, name: str, pk: int) -> Response:
        """Say that it is still in use and its purpose unchanged; its holder only."""
        self.input(AccessNothingInput)
        grant = grant_of(request.user, model_named(request.user, team, name), pk)
        kept = say_still_needed(grant, by=cast("User", request.user))
        return Response({"id": kept.pk, "until": kept.until, "confirmed_at": kept.confirmed_at})
