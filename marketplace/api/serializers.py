"""The base of all input shapes: what is not declared is refused, so that nothing can be smuggled in."""

from typing import Any

from rest_framework import serializers

MOST_NAMED = 20  # unknown fields that an answer names: it stays small whatever was sent


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know, by name."""

    def to_internal_value(self, data: Any) -> Any:
        """Check for unknown fields before anything else."""
        if isinstance(data, dict) and (unknown := sorted(data.keys() - self.fields.keys())):
            known = ", ".join(self.fields)
            raise serializers.ValidationError({name[:200]: [f"There is no such field; use {known}."] for name in unknown[:MOST_NAMED]})
        return super().to_internal_value(data)


class ProblemSerializer(serializers.Serializer[Any]):
    """The shape of an error, for the OpenAPI document."""

    type = serializers.URLField(help_text="Stable address that explains this kind of problem")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What is, what was asked, in a sentence")
    hint = serializers.CharField(required=False, help_text="What to do next")
    errors = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False)  # type: ignore[assignment]
    request_id = serializers.CharField()
