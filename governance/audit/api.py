"""The record in REST, for auditors and governance."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from governance.audit.queries import Search, events, require_reader, shown
from governance.audit.serializers import EventPage, SearchInput, event_json
from marketplace.api.pagination import keyset_by_id
from marketplace.api.views import ApiView


class AuditEvents(ApiView):
    """Everything that happened."""

    is_within_limits: ClassVar[bool] = False

    @extend_schema(parameters=[SearchInput], responses=EventPage, summary="List events of the record")
    def get(self, request: Request) -> Response:
        """List the events that fit, newest first."""
        require_reader(request.user)
        shaped = SearchInput(data=request.GET.dict())
        shaped.is_valid(raise_exception=True)
        asked = shaped.validated_data
        wanted = Search(asked.get("verb", ""), asked.get("person", ""), asked.get("object", ""), asked.get("since"), asked.get("until"))
        found = keyset_by_id(events(request.user, wanted), request.GET)
        return Response({"results": [event_json(event) for event in shown(found.rows)], "next": found.next or None})
