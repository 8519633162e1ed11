"""The shapes of policies for machines."""

from typing import Any

from rest_framework import serializers


class PolicySerializer(serializers.Serializer[Any]):
    """A published policy in the list."""

    ref = serializers.CharField(help_text="`name@version`, as versions and reviews pin it")
    name = serializers.CharField()
    version = serializers.IntegerField()
    digest = serializers.CharField(help_text="sha256 of the text")
    effective_from = serializers.DateTimeField()
    published_at = serializers.DateTimeField()
    standing = serializers.ChoiceField(choices=["live", "planned", "past"])


class OptionSerializer(serializers.Serializer[Any]):
    """One possible answer."""

    value = serializers.CharField()
    title = serializers.CharField()


class QuestionSerializer(serializers.Serializer[Any]):
    """One risk question; its key is the key in a version's answers."""

    key = serializers.CharField()
    title = serializers.CharField()
    help = serializers.CharField()
    options = OptionSerializer(many=True)


class LivePolicySerializer(serializers.Serializer[Any]):
    """All policies, and the questions that the live one asks."""

    results = PolicySerializer(many=True)
    questions = QuestionSerializer(many=True, help_text="Of the policy in effect; empty when there is none")
