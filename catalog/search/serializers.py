"""Shapes of models and search answers in REST."""

from typing import Any

from rest_framework import serializers

from catalog.registry.queries import STANDINGS
from catalog.registry.states import ModelKind, ModelState, Origin
from catalog.search.facets import FACETS
from catalog.search.queries import Hit, SearchAnswer
from marketplace.permissions.models import Visibility


class ModelOutput(serializers.Serializer[Any]):
    """A model as lists show it."""

    id = serializers.UUIDField()
    team = serializers.CharField()
    name = serializers.CharField()
    display_name = serializers.CharField(help_text="As published, where that is no valid name here")
    kind = serializers.ChoiceField(choices=ModelKind.choices)
    origin = serializers.ChoiceField(choices=Origin.choices)
    state = serializers.ChoiceField(choices=ModelState.choices)
    visibility = serializers.ChoiceField(choices=Visibility.choices)
    summary = serializers.CharField()
    task = serializers.CharField()
    library = serializers.CharField()
    framework = serializers.CharField()
    license = serializers.CharField()
    modality = serializers.CharField()
    publisher = serializers.CharField()
    parameters = serializers.IntegerField(allow_null=True)
    base_model = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    tier = serializers.CharField(help_text="T1 to T4; empty: not known yet")
    source = serializers.CharField()  # type: ignore[assignment]
    external_id = serializers.CharField()
    pulls_30d = serializers.IntegerField()
    teams_30d = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    use = serializers.ChoiceField(choices=list(STANDINGS), help_text="May the caller use it?")


class ModelPage(serializers.Serializer[Any]):
    """Some models."""

    results = ModelOutput(many=True)
    next = serializers.CharField(allow_null=True)


class HitOutput(serializers.Serializer[Any]):
    """A model that was found."""

    team = serializers.CharField()
    name = serializers.CharField()
    display_name = serializers.CharField()
    summary = serializers.CharField()
    task = serializers.CharField()
    tier = serializers.CharField()
    license = serializers.CharField()
    origin = serializers.ChoiceField(choices=Origin.choices)
    state = serializers.ChoiceField(choices=ModelState.choices)
    external_id = serializers.CharField()
    use = serializers.ChoiceField(choices=list(STANDINGS))
    score = serializers.IntegerField(help_text="Higher is better; compare within one answer only")
    why = serializers.CharField(help_text="Where it matched: name, summary or card; empty without words")


class OptionOutput(serializers.Serializer[Any]):
    """A value of a facet, with how many models choosing it would leave."""

    value = serializers.CharField()
    text = serializers.CharField()
    count = serializers.IntegerField()
    checked = serializers.BooleanField()


class UnderstoodOutput(serializers.Serializer[Any]):
    """What was made of the query."""

    words = serializers.ListField(child=serializers.CharField())
    phrases = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    without = serializers.ListField(child=serializers.CharField())
    filters = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class SearchOutput(serializers.Serializer[Any]):
    """The answer to a search."""

    total = serializers.IntegerField()
    results = HitOutput(many=True)
    next = serializers.CharField(allow_null=True)
    facets = serializers.DictField(child=OptionOutput(many=True), help_text=f"By facet: {', '.join(FACETS)}")
    understood = UnderstoodOutput()


def hit_shape(hit: Hit) -> dict[str, Any]:
    """Return a hit as JSON."""
    plain = ("name", "display_name", "summary", "task", "tier", "license", "origin", "state", "external_id")
    found = {key: hit.model[key] for key in plain}
    return {"team": hit.model["team__name"]} | found | {"use": hit.standing, "score": hit.score, "why": hit.why}


def answer_shape(answer: SearchAnswer) -> dict[str, Any]:
    """Return a search answer as JSON."""
    facets = {
        facet.key: [{"value": o.value, "text": o.text, "count": o.count, "checked": o.checked} for o in facet.options] for facet in answer.facets
    }
    said = answer.understood
    return {
        "total": answer.total,
        "results": [hit_shape(hit) for hit in answer.hits],
        "next": answer.cursor or None,
        "facets": facets,
        "understood": {"words": said.words, "phrases": said.phrases, "without": said.without, "filters": answer.filters},
    }
