"""The shapes of access in REST: what is asked for, and what is answered."""

from typing import Any

from rest_framework import serializers

from catalog.registry.states import DataClass, Environment
from governance.access.models import AccessDecision, AccessPart, AccessReply, AccessRequest, AccessRule
from governance.access.permissions import step_of
from governance.access.states import AnswerKind, Choice, PartState, Step
from governance.access.wishes import day_of
from marketplace.api.serializers import StrictSerializer


class AccessRequestInput(StrictSerializer):
    """A wish for access to one or more models."""

    models = serializers.ListField(child=serializers.CharField(max_length=200), min_length=1, max_length=20, help_text="Each as team/name")
    use_case = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="Of one of your teams, or one that the models are approved for")
    environment = serializers.ChoiceField(choices=Environment.choices)
    data_class = serializers.ChoiceField(choices=DataClass.choices)
    until = serializers.DateField(help_text="Until the end of that day, UTC")
    team = serializers.CharField(
        max_length=96, required=False, help_text="One of your teams; without team and user: the team of the use case, or yours"
    )
    user = serializers.CharField(max_length=96, required=False, help_text="User name of a person or service account in one of your teams, or you")
    volume = serializers.CharField(max_length=200, allow_blank=True, default="")
    note = serializers.CharField(max_length=2_000, allow_blank=True, default="")
    answers = serializers.DictField(
        child=serializers.DictField(), default=dict, help_text="team/name -> key of the question -> answer; see the access rule of the model"
    )
    renews = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False, help_text="The grant that this goes on with")


class AccessDecisionInput(StrictSerializer):
    """A decision at one step."""

    step = serializers.ChoiceField(choices=Step.choices)
    choice = serializers.ChoiceField(choices=Choice.choices)
    reason = serializers.CharField(max_length=2_000, allow_blank=True, default="", help_text="Needed to ask and to deny")
    until = serializers.DateField(allow_null=True, default=None, help_text="Only earlier than asked for; until the end of that day, UTC")
    environment = serializers.ChoiceField(choices=Environment.choices, required=False, help_text="Only narrower")
    data_class = serializers.ChoiceField(choices=DataClass.choices, required=False, help_text="Only narrower")
    again_after = serializers.DateField(allow_null=True, default=None, help_text="After a denial: the day to ask again from")


class AccessAnswerInput(StrictSerializer):
    """The answer to a question."""

    text = serializers.CharField(max_length=2_000)


class AccessNothingInput(StrictSerializer):
    """An empty body."""


class QuestionInput(StrictSerializer):
    """A question that requests have to answer."""

    key = serializers.RegexField(r"\A[a-z][a-z0-9_]{0,39}\Z")
    label = serializers.CharField(max_length=200)  # type: ignore[assignment]
    kind = serializers.ChoiceField(choices=AnswerKind.choices)
    options = serializers.ListField(child=serializers.CharField(max_length=200), max_length=30, default=list)
    required = serializers.BooleanField(default=False)  # type: ignore[assignment]


class AccessRuleInput(StrictSerializer):
    """How access to a model is given."""

    is_automatic = serializers.BooleanField(help_text="Grant at once up to this environment and data class")
    environment = serializers.ChoiceField(choices=Environment.choices)
    data_class = serializers.ChoiceField(choices=DataClass.choices)
    longest_days = serializers.IntegerField(min_value=1, max_value=3_650, allow_null=True, default=None)
    review_days = serializers.IntegerField(min_value=1, max_value=3_650, default=180)
    questions = QuestionInput(many=True, default=list)


class AccessRuleShape(serializers.Serializer[Any]):
    """How access to a model is given."""

    is_automatic = serializers.BooleanField()
    environment = serializers.ChoiceField(choices=Environment.choices)
    data_class = serializers.ChoiceField(choices=DataClass.choices)
    longest_days = serializers.IntegerField(allow_null=True, help_text="Null: as long as the policy allows")
    review_days = serializers.IntegerField()
    questions = QuestionInput(many=True)


class AccessDecisionShape(serializers.Serializer[Any]):
    """What was said at a step."""

    id = serializers.IntegerField()
    step = serializers.ChoiceField(choices=Step.choices)
    choice = serializers.ChoiceField(choices=Choice.choices)
    by = serializers.CharField(allow_null=True, help_text="Null: the rule of the model")
    reason = serializers.CharField(allow_blank=True)
    until = serializers.DateField(allow_null=True)
    environment = serializers.CharField(allow_blank=True)
    data_class = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()


class AccessReplyShape(serializers.Serializer[Any]):
    """An answer of the requester."""

    by = serializers.CharField()
    text = serializers.CharField()
    created_at = serializers.DateTimeField()


class AccessPartShape(serializers.Serializer[Any]):
    """Where one model of a request stands."""

    model = serializers.CharField(help_text="team/name")
    state = serializers.ChoiceField(choices=PartState.choices)
    step = serializers.CharField(allow_blank=True, help_text="Whose decision it waits for; empty once it is decided")
    due_at = serializers.DateTimeField(allow_null=True)
    answers = serializers.DictField()
    grant = serializers.IntegerField(allow_null=True)
    granted_until = serializers.DateTimeField(allow_null=True)
    again_after = serializers.DateField(allow_null=True)
    decisions = AccessDecisionShape(many=True)
    replies = AccessReplyShape(many=True)


class AccessUseCaseRef(serializers.Serializer[Any]):
    """A use case in short."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class AccessRequestShape(serializers.Serializer[Any]):
    """A request, with the parts that this caller may see."""

    number = serializers.CharField()
    asked_by = serializers.CharField()
    team = serializers.CharField(allow_null=True)
    user = serializers.CharField(allow_null=True)
    use_case = AccessUseCaseRef()
    environment = serializers.ChoiceField(choices=Environment.choices)
    data_class = serializers.ChoiceField(choices=DataClass.choices)
    until = serializers.DateField()
    volume = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    renews = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    parts = AccessPartShape(many=True)


class AccessRequestPage(serializers.Serializer[Any]):
    """Some requests and the cursor to the next ones."""

    results = AccessRequestShape(many=True)
    next = serializers.CharField(allow_null=True)


class ConfirmedShape(serializers.Serializer[Any]):
    """A grant that is still needed."""

    id = serializers.IntegerField()
    until = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField()


def rule_json(rule: AccessRule) -> dict[str, Any]:
    """A rule as it is sent."""
    return {name: getattr(rule, name) for name in ("is_automatic", "environment", "data_class", "longest_days", "review_days", "questions")}


def access_decision_json(decision: AccessDecision) -> dict[str, Any]:
    """A decision as it is sent."""
    names = ("id", "step", "choice", "reason", "environment", "data_class", "created_at")
    return {name: getattr(decision, name) for name in names} | {
        "by": decision.by.username if decision.by else None,
        "until": day_of(decision.until) if decision.until else None,
    }


def reply_json(reply: AccessReply) -> dict[str, Any]:
    """An answer as it is sent."""
    return {"by": reply.by.username, "text": reply.text, "created_at": reply.created_at}


def part_json(part: AccessPart) -> dict[str, Any]:
    """A part as it is sent."""
    return {name: getattr(part, name) for name in ("state", "due_at", "answers", "again_after")} | {
        "model": str(part.model),
        "step": step_of(part),
        "grant": part.grant_id,
        "granted_until": part.grant.until if part.grant else None,
        "decisions": [access_decision_json(decision) for decision in part.decisions.all()],
        "replies": [reply_json(reply) for reply in part.replies.all()],
    }


def request_json(request: AccessRequest) -> dict[str, Any]:
    """A request as it is sent."""
    names = ("number", "environment", "data_class", "volume", "note", "created_at")
    return {name: getattr(request, name) for name in names} | {
        "asked_by": request.asked_by.username,
        "team": request.team.name if request.team else None,
        "user": request.user.username if request.user else None,
        "use_case": {"id": request.use_case.pk, "name": request.use_case.name},
        "until": day_of(request.until),
        "renews": request.renews_id,
        "parts": [part_json(part) for part in request.parts.all()],
    }
