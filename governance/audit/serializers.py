"""The shapes of audit events in REST."""

from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from governance.audit.queries import ShownEvent
from marketplace.api.serializers import StrictSerializer


class SearchInput(StrictSerializer):
    """What to look for; every part may be left out."""

    verb = serializers.CharField(required=False, allow_blank=True, max_length=40)
    person = serializers.CharField(required=False, allow_blank=True, max_length=96, help_text="User name, or the id in the record")
    object = serializers.CharField(required=False, allow_blank=True, max_length=300, help_text="R-12, team/model@version, a team, kind:id")
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    cursor = serializers.CharField(required=False, allow_blank=True, max_length=200)
    limit = serializers.CharField(required=False, max_length=12)


class EventShape(serializers.Serializer[Any]):
    """One event."""

    id = serializers.IntegerField()
    seq = serializers.IntegerField(allow_null=True, help_text="Its place in the hash chain")
    at = serializers.DateTimeField()
    verb = serializers.CharField()
    words = serializers.CharField()
    actor = serializers.CharField(help_text="By name, or the pseudonymous id when the person was erased")
    kind = serializers.CharField()
    subject = serializers.CharField()
    details = serializers.DictField()
    texts = serializers.DictField(help_text="What people wrote; null when it was erased")
    request = serializers.CharField()
    hash = serializers.CharField()


class EventPage(serializers.Serializer[Any]):
    """Some events and the cursor to the next ones."""

    results = EventShape(many=True)
    next = serializers.CharField(allow_null=True)


def event_json(event: ShownEvent) -> dict[str, Any]:
    """An event as it is sent."""
    return asdict(event)
