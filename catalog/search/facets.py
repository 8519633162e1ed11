"""The facets of the catalog: what a list can be narrowed by, and the words for it."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import cast

import yaml
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Lower, NullIf, Replace

from catalog.registry.models import RegisteredModel
from catalog.registry.queries import STANDINGS
from catalog.registry.states import Origin, Tier
from marketplace.errors import Invalid

UNKNOWN = "unknown"
MAX_CHOSEN, MAX_VALUE = 50, 200
ACRONYMS = {"ocr": "OCR", "asr": "ASR", "api": "API", "nlp": "NLP", "llm": "LLM", "vqa": "VQA", "tts": "TTS"}
LICENSES = {"permissive": "Permissive", "restricted": "Restricted", "custom": "Custom text", UNKNOWN: "Not stated"}
USE_WORDS = {
    "ready": "Ready to use now",
    "needs_access": "Approved, needs access",
    "in_review": "In review",
    "not_approved": "Not approved yet",
    "listed": "Known, not brought in",
    "stopped": "Not available",
}


@dataclass(frozen=True)
class Facet:
    """One way to narrow the list, with the words for its values; in `order`, those come as they are written, else the commonest first."""

    key: str
    title: str
    words: dict[str, str] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    as_typed: bool = False

    def text(self, value: str) -> str:
        """Return the words for a value."""
        return self.words.get(value) or (value if self.as_typed else spoken(value))


FACETS: dict[str, Facet] = {
    facet.key: facet
    for facet in (
        Facet("use", "Can I use it?", {key: USE_WORDS.get(key, STANDINGS[key][0]) for key in STANDINGS}, tuple(USE_WORDS)),
        Facet("task", "Task", {UNKNOWN: "Not stated"}),
        Facet("tier", "Risk tier", {str(tier): str(tier.label) for tier in Tier} | {UNKNOWN: "Not known yet"}, (*Tier.values, UNKNOWN)),
        Facet("team", "Owner team", as_typed=True),
        Facet("origin", "Origin", {str(origin): str(origin.label) for origin in Origin}),
        Facet("license", "License", LICENSES, tuple(LICENSES)),
        Facet("modality", "Modality", {UNKNOWN: "Not stated"}),
        Facet("library", "Library", {UNKNOWN: "Not stated"}, as_typed=True),
        Facet("framework", "Framework", {UNKNOWN: "Not stated"}, as_typed=True),
    )
}
COLUMNS = {key: f"facet_{key}" for key in FACETS}


def spoken(value: str) -> str:
    """Write a value as people do: image-classification as Image classification."""
    said = " ".join(ACRONYMS.get(word, word) for word in value.replace("_", " ").replace("-", " ").split())
    return said[:1].upper() + said[1:]


@lru_cache(maxsize=1)
def license_groups() -> dict[str, list[str]]:
    """Return the spellings of each license group."""
    return cast("dict[str, list[str]]", yaml.safe_load(Path(__file__).with_name("licenses.yaml").read_text(encoding="utf-8")))


def with_facets(models: QuerySet[RegisteredModel]) -> QuerySet[RegisteredModel]:
    """Annotate each model with its value of every facet; expects `standing_key`."""
    spelling = Replace(Replace(Lower("license"), Value(" "), Value("-")), Value("_"), Value("-"))
    groups = [When(Q(license_spelling__in=known), then=Value(group)) for group, known in license_groups().items()]
    return models.alias(license_spelling=spelling).annotate(
        facet_use=F("standing_key"),
        facet_task=_stated("task"),
        facet_tier=Coalesce(NullIf("tier", Value("")), Value(UNKNOWN)),
        facet_team=F("team__name"),
        facet_origin=F("origin"),
        facet_license=Case(*groups, default=Value("custom")),
        facet_modality=_stated("modality"),
        facet_library=_stated("library"),
        facet_framework=_stated("framework"),
    )


def _stated(column: str) -> Coalesce:
    """Return a text column in lower case; what is empty is unknown."""
    return Coalesce(NullIf(Lower(column), Value("")), Value(UNKNOWN))


def checked(filters: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the filters in lower case, without empty ones; raise Invalid that names every unknown facet."""
    if unknown := sorted(set(filters) - set(FACETS)):
        known = ", ".join(FACETS)
        raise Invalid("There is no such filter.", fields={key[:80]: [f"Use one of {known}."] for key in unknown})
    found: dict[str, list[str]] = {}
    for key, values in filters.items():
        clean = [value.replace("\x00", "").strip().lower()[:MAX_VALUE] for value in values[:MAX_CHOSEN]]
        if kept := list(dict.fromkeys(value for value in clean if value)):
            found[key] = kept
    return found
