"""The shapes of submits and runs for machines."""

from typing import Any

from rest_framework import serializers

from governance.validation.states import Reason, RunState, Severity, Verdict
from marketplace.api.serializers import StrictSerializer


class SubmitSerializer(StrictSerializer):
    """A submit needs nothing but the version: what it is for was said on the version itself."""


class AgainSerializer(StrictSerializer):
    """Which checks to ask again."""

    check = serializers.CharField(default="", allow_blank=True, max_length=40, help_text="The id of one check; empty: all of them")


class FindingSerializer(serializers.Serializer[Any]):
    """One thing a check found."""

    severity = serializers.ChoiceField(choices=Severity.choices)
    kind = serializers.CharField()
    path = serializers.CharField(help_text="Empty when you do not work with the model")
    where = serializers.CharField(help_text="Byte offset, opcode or field; empty when you do not work with the model")
    message = serializers.CharField()
    fix = serializers.CharField()


class CheckResultSerializer(serializers.Serializer[Any]):
    """What one check said."""

    check = serializers.CharField()
    version = serializers.CharField(help_text="Of the check's rules")
    stage = serializers.CharField()
    title = serializers.CharField()
    severity = serializers.ChoiceField(choices=Severity.choices, help_text="How grave a failure is")
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    sentence = serializers.CharField()
    evidence = serializers.JSONField(help_text="Null when you do not work with the model")
    inputs_digest = serializers.CharField(help_text="sha256 over its rules and everything it could look at")
    milliseconds = serializers.IntegerField()
    carried_from = serializers.IntegerField(allow_null=True, help_text="The run that gave this answer, when only another check was asked again")
    findings = FindingSerializer(many=True)


class RunSerializer(serializers.Serializer[Any]):
    """A run of checks, without what each said."""

    run = serializers.IntegerField()
    url = serializers.CharField(help_text="Its page")
    state = serializers.ChoiceField(choices=RunState.choices)
    reason = serializers.ChoiceField(choices=Reason.choices, help_text="Why it ran")
    only = serializers.CharField(help_text="The one check that was asked again; empty: all of them")
    stage = serializers.CharField(help_text="Where it is, while it runs")
    outcome = serializers.ChoiceField(choices=Verdict.choices, allow_blank=True, help_text="Empty until it is finished")
    quarantined = serializers.BooleanField()
    rules = serializers.CharField(help_text="Digest of the rules it was made by; empty until it is taken")
    manifest_digest = serializers.CharField()
    card_revision = serializers.IntegerField()
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    requested_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class LatestRunSerializer(RunSerializer):
    """A run with what each check said."""

    checks = CheckResultSerializer(many=True)


class ChecksSerializer(serializers.Serializer[Any]):
    """The runs over a version: the newest one whole, and the list of all."""

    version = serializers.CharField()
    state = serializers.CharField(help_text="Where the version stands")
    state_note = serializers.CharField()
    latest = LatestRunSerializer(allow_null=True)
    runs = RunSerializer(many=True)


class SubmittedSerializer(serializers.Serializer[Any]):
    """What a submit pinned."""

    version = serializers.CharField()
    state = serializers.CharField()
    tier = serializers.CharField()
    because = serializers.ListField(child=serializers.CharField())
    policy = serializers.CharField()
    run = RunSerializer()
