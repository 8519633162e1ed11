"""The shapes of notices in REST."""

from typing import Any

from rest_framework import serializers

from marketplace.api.serializers import StrictSerializer
from marketplace.notifications.models import Level, Notice


class NoticeShape(serializers.Serializer[Any]):
    """One notice."""

    id = serializers.IntegerField()
    level = serializers.ChoiceField(choices=Level.choices)
    about = serializers.CharField(help_text="The thing it is about, e.g. `review:12`")
    text = serializers.CharField()
    url = serializers.CharField(help_text="Path of the page where one acts on it")
    count = serializers.IntegerField(help_text="How many pieces of news it holds")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class NoticePage(serializers.Serializer[Any]):
    """Some notices and the cursor to the next ones."""

    results = NoticeShape(many=True)
    next = serializers.CharField(allow_null=True)


class DoneInput(StrictSerializer):
    """Nothing is sent."""


def notice_json(notice: Notice) -> dict[str, Any]:
    """One notice as it is sent."""
    names = ("level", "about", "text", "url", "count", "created_at", "updated_at", "read_at")
    return {"id": notice.pk} | {name: getattr(notice, name) for name in names}
