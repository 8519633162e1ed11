"""What is known without asking anybody: facts found in files, rows and answers, as values of card fields; pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from catalog.artifacts.models import ModelFile
from catalog.artifacts.readers.types import Reading
from catalog.cards.completeness import says_something
from catalog.cards.facts import facts_in
from catalog.cards.models import CardRevision
from catalog.cards.schema import CardSchema, schema_for
from catalog.registry.models import ModelVersion
from catalog.registry.states import Origin

FOUND, COMPUTED = "found", "computed"
# What weights and their configuration may still tell, so that nobody is asked before they were read.
TOLD_BY_FILES = frozenset(
    {"technical.architecture", "technical.library", "technical.parameter_count", "technical.context_length", "technical.format",
     "technical.precision", "security.remote_code"}
)  # fmt: skip
GENERATIVE = frozenset(
    {"text-generation", "text2text-generation", "image-text-to-text", "text-to-image", "image-to-image", "text-to-video", "text-to-audio",
     "text-to-speech", "conversational", "any-to-any", "summarization", "translation"}
)  # fmt: skip
SENSITIVE = frozenset({"personal", "payment_card", "special_category", "health"})

Facts = Mapping[str, tuple[object, str]]


def facts_of_files(files: Iterable[ModelFile]) -> dict[str, tuple[object, str]]:
    """Return card field -> (value, where it was found) from what was noted on the files of a version."""
    return facts_of_readings({file.path: Reading(file.format, "allow", [], file.facts) for file in files if file.format})


def facts_of_readings(readings: Mapping[str, Reading]) -> dict[str, tuple[object, str]]:
    """Return card field -> (value, where it was found) from fresh readings."""
    usable = {path: reading for path, reading in readings.items() if reading.verdict in {"allow", "review"}}
    found: dict[str, tuple[object, str]] = {key: (fact["value"], str(fact["file"])) for key, fact in facts_in(usable).items()}
    if usable:
        found.setdefault("technical.format", (sorted({reading.format for reading in usable.values()}), min(usable)))
        if len(usable) == len(readings):
            # Files that bring code of their own are refused, so what was read to the end brings none.
            found["security.remote_code"] = ("no", "all files")
    return found


def answer(version: ModelVersion, key: str) -> str:
    """Return what was answered to a risk question; empty when nothing, or nothing readable, was."""
    value: Any = version.answers.get(key) if isinstance(version.answers, dict) else None
    return value if isinstance(value, str) else ""


def packs_of(version: ModelVersion, task: str) -> frozenset[str]:
    """Return which extra duties the use and the task bring."""
    packs = {
        "people": answer(version, "affected") not in {"", "nobody"},
        "personal_data": answer(version, "data_class") in SENSITIVE,
        "eu_high_risk": answer(version, "scope") == "high",
        "genai": task in GENERATIVE,
    }
    return frozenset(name for name, applies in packs.items() if applies)


def schema_of(version: ModelVersion, tier: str, task: str = "") -> CardSchema:
    """Return the fields and duties of this version's card in a tier."""
    model = version.model
    packs = packs_of(version, task or model.task)
    return schema_for(tier, third_party=model.origin != Origin.INTERNAL, hosted=model.is_hosted, packs=packs)


def known(version: ModelVersion, card: CardRevision | None, facts: Facts, schema: CardSchema) -> tuple[dict[str, object], dict[str, str]]:
    """Return the card's values with everything known besides, and where each is from; what people wrote wins."""
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    layers: list[tuple[str, Mapping[str, object]]] = [
        (COMPUTED, of_rows(version)),
        (COMPUTED, of_answers(version, schema)),
        (FOUND, {key: value for key, (value, _) in facts.items()}),
    ]
    if card is not None:
        layers.append(("human", card.values))
    for source, layer in layers:
        for key, value in layer.items():
            if says_something(value) or (source == "human" and key not in values):
                values[key] = value
                sources[key] = card.sources.get(key, source) if card is not None and source == "human" else source
    return values, sources


def of_rows(version: ModelVersion) -> dict[str, object]:
    """Return what the rows of model and version say about fields of the card."""
    model, use_case = version.model, version.use_case
    own = model.origin == Origin.INTERNAL
    return {
        "identity.name": model.display_name or model.name,
        "identity.summary": model.summary,
        "identity.version": version.version,
        "identity.accountable_owner": model.accountable.username if model.accountable else None,
        "identity.developed_by": model.publisher or (model.team.name if own else None),
        "identity.origin": model.origin,
        "identity.upstream_revision": version.upstream_commit,
        "identity.released_at": version.created_at.date().isoformat() if own else None,
        "identity.changelog": version.changelog,
        "use.approved_use_cases": [use_case.name] if use_case else None,
        "technical.task": model.task,
        "technical.library": model.library,
        "technical.parameter_count": model.parameters,
        "technical.tags": model.tags or None,
        "lineage.base_model": [model.base_model] if model.base_model else None,
        "legal.license": model.license,
        "operation.environments": [version.environment],
    }


def of_answers(version: ModelVersion, schema: CardSchema) -> dict[str, object]:
    """Return what the risk answers say about fields of the card, where the field knows such a value."""
    places = {
        "data_class": "classification.data_classes",
        "exposure": "classification.exposure",
        "purpose": "classification.purpose_area",
        "autonomy": "classification.autonomy",
    }
    found: dict[str, object] = {}
    for question, key in places.items():
        field, value = schema.field(key), answer(version, question)
        if field is not None and value in dict(field.options):
            found[key] = [value] if field.type == "multi" else value
    return found
