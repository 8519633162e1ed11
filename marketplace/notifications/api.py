"""Notices in REST: one's own, and marking them as done."""

from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.pagination import body, keyset_by_id
from marketplace.api.views import ApiView
from marketplace.notifications.actions import mark_done
from marketplace.notifications.queries import inbox_of, notice_of
from marketplace.notifications.serializers import DoneInput, NoticePage, NoticeShape, notice_json


class Notices(ApiView):
    """The caller's notices that are not done yet."""

    is_within_limits: ClassVar[bool] = False

    @extend_schema(responses=NoticePage, parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)], summary="List my notices")
    def get(self, request: Request) -> Response:
        """List them, newest first."""
        return Response(body(keyset_by_id(inbox_of(request.user), request.GET), notice_json))


class NoticeDone(ApiView):
    """Marking a notice as done."""

    scopes: ClassVar[dict[str, str]] = {"POST": "read"}
    is_within_limits: ClassVar[bool] = False

    @extend_schema(request=DoneInput, responses=NoticeShape, summary="Take a notice out of the inbox")
    def post(self, request: Request, number: int) -> Response:
        """Take it out of the inbox."""
        self.input(DoneInput)
        notice = mark_done(notice_of(request.user, number))
        notice.refresh_from_db()
        return Response(notice_json(notice))
