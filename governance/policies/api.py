"""Policies for machines."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from governance.policies.queries import Listed, listed, parsed
from governance.policies.rules import Question
from governance.policies.serializers import LivePolicySerializer
from marketplace.api.views import ApiView


class Policies(ApiView):
    """Published policies."""

    @extend_schema(operation_id="policies_list", responses=LivePolicySerializer, summary="List policies and the risk questions")
    def get(self, request: Request) -> Response:
        """List every published policy, and the risk questions of the one in effect."""
        found = listed(timezone.now())
        live = next((item.row for item in found if item.standing == "live"), None)
        questions = parsed(live.text).questions if live else ()
        return Response({"results": [policy_json(item) for item in found], "questions": [question_json(item) for item in questions]})


def policy_json(item: Listed) -> dict[str, Any]:
    """Return the JSON of a policy in the list."""
    row = item.row
    return {
        "ref": str(row),
        "name": row.name,
        "version": row.version,
        "digest": row.digest,
        "effective_from": row.effective_from,
        "published_at": row.published_at,
        "standing": item.standing,
    }


def question_json(question: Question) -> dict[str, Any]:
    """Return the JSON of a question with its options."""
    options = [{"value": value, "title": title} for value, title in question.options]
    return {"key": question.key, "title": question.title, "help": question.help, "options": options}
