"""What is known about a card without asking anybody: facts in files and the rows of the model, as values of card fields."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import Any

from django.core.cache import cache

from catalog.artifacts import sandbox
from catalog.artifacts.models import ModelFile
from catalog.artifacts.queries import files_of, local_copy
from catalog.artifacts.readers.facts import SPEAKERS, combine
from catalog.artifacts.readers.types import Reading
from catalog.cards.completeness import says_something
from catalog.cards.models import CardRevision
from catalog.cards.schema import CardSchema, schema_for, validate
from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.states import Origin
from marketplace.errors import DomainError
from marketplace.identifiers import digest

# What a reader calls it -> the field of the card.
FIELDS = {
    "architecture": "technical.architecture",
    "library": "technical.library",
    "parameters": "technical.parameter_count",
    "context_length": "technical.context_length",
    "task": "technical.task",
    "license": "legal.license",
    "base_model": "lineage.base_model",
    "language": "technical.languages",
}
LISTS = frozenset({"lineage.base_model", "technical.languages"})
USABLE = frozenset({"allow", "review"})
COMPUTED = "computed"
# A page waits for these readings: only small files are read for it, all others by the checks.
MOST_BYTES = 64 * 1024 * 1024
MOST_FILES = 20
SECONDS = 8.0
REMEMBERED = 600
TELLING = frozenset({".json", ".md", ".safetensors", ".gguf", ".onnx", ".yaml", ".yml", ".txt"})

Facts = dict[str, dict[str, Any]]


def schema_of(model: RegisteredModel, tier: str = "", packs: Collection[str] = ()) -> CardSchema:
    """Return the card of a model in a tier; without one in the model's own, which is the strictest while nobody knows."""
    return schema_for(tier or model.tier or "T1", third_party=model.origin != Origin.INTERNAL, hosted=model.is_hosted, packs=packs)


def facts_in(readings: Mapping[str, Reading]) -> Facts:
    """Return field -> {value, file} from the readings of all files of a version."""
    joined = combine(readings)
    found: Facts = {}
    for label, key in FIELDS.items():
        if label in joined:
            value = joined[label]["value"]
            found[key] = {"value": [value] if key in LISTS and isinstance(value, str) else value, "file": place(joined[label]["where"])}
    if "dtypes" in joined:
        found["technical.precision"] = {"value": sorted(joined["dtypes"]["value"]), "file": place(joined["dtypes"]["where"])}
    weights = {path: reading.format for path, reading in readings.items() if reading.verdict in USABLE and reading.format in SPEAKERS}
    if weights:
        found["technical.format"] = {"value": sorted(set(weights.values())), "file": min(weights)}
    return found


def place(where: object) -> str:
    """Return the file that a place is in."""
    return str(where).partition(": ")[0].partition(":")[0][:300]


def fitting(facts: Mapping[str, Mapping[str, Any]], model: RegisteredModel) -> Facts:
    """Return the facts that fit the fields of the card: what is read from a file may be anything."""
    schema = schema_of(model)
    wrong = {problem.field for problem in validate({key: fact.get("value") for key, fact in facts.items()}, schema)}
    return {
        key: {"value": fact["value"], "file": str(fact.get("file") or "")[:300]}
        for key, fact in facts.items()
        if key not in wrong and says_something(fact.get("value")) and (field := schema.field(key)) is not None and field.auto != COMPUTED
    }


def facts_of(version: ModelVersion) -> Facts:
    """Return what the files of a version say: as the checks noted it, else from reading the small ones now, in the sandbox."""
    files = list(files_of(version))
    noted = {file.path: Reading(file.format, "allow", [], file.facts) for file in files if file.format}
    unread = [file for file in files if not file.format]
    return fitting(facts_in(noted | _read(small(unread))), version.model)


def small(files: Iterable[ModelFile]) -> list[ModelFile]:
    """Return the files that can be read while somebody waits, the smallest first."""
    taken: list[ModelFile] = []
    size = 0
    for file in sorted(files, key=lambda item: (item.blob.size, item.path)):
        size += file.blob.size
        if size > MOST_BYTES or len(taken) == MOST_FILES:
            break
        if PurePosixPath(file.path).suffix.lower() in TELLING:
            taken.append(file)
    return taken


def _read(files: list[ModelFile]) -> dict[str, Reading]:
    """Read the files, once for the same bytes; what cannot be read says nothing here, the checks will say why."""
    key = f"card-facts:{digest([[file.path, file.blob_id] for file in files])}"
    kept = cache.get(key)
    if kept is None:
        kept = {path: reading.to_json() for path, reading in _inspect(files).items()}
        cache.set(key, kept, REMEMBERED)
    return {path: Reading.from_json(item) for path, item in kept.items()}


def _inspect(files: list[ModelFile]) -> dict[str, Reading]:
    with ExitStack() as stack:
        try:
            here = [sandbox.File(stack.enter_context(local_copy(file.blob)), file.path, file.blob_id) for file in files]
            return sandbox.inspect_many(here, seconds=SECONDS)
        except (OSError, ValueError, DomainError):
            return {}


def of_model(model: RegisteredModel) -> dict[str, Any]:
    """Return what the row of a model says about fields of its card."""
    own = model.origin == Origin.INTERNAL
    return {
        "identity.name": model.display_name or model.name,
        "identity.summary": model.summary,
        "identity.accountable_owner": model.accountable.username if model.accountable else None,
        "identity.developed_by": model.publisher or (model.team.name if own else None),
        "identity.origin": model.origin,
        "technical.task": model.task,
        "technical.library": model.library,
        "technical.parameter_count": model.parameters,
        "technical.tags": model.tags,
        "lineage.base_model": [model.base_model] if model.base_model else None,
        "legal.license": model.license,
    }


_knowing: list[Callable[[RegisteredModel], Mapping[str, Any]]] = []


def also_knows(answer: Callable[[RegisteredModel], Mapping[str, Any]]) -> None:
    """Let a room above say what it knows of a model's fields, such as the risk answers; called from `apps.ready()`."""
    if answer not in _knowing:
        _knowing.append(answer)


def known(card: CardRevision | None, model: RegisteredModel) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the card's values with what is known besides where the card is silent, and where each is from."""
    values = {key: value for key, value in of_model(model).items() if says_something(value)}
    for answer in _knowing:
        values |= {key: value for key, value in answer(model).items() if says_something(value)}
    sources = dict.fromkeys(values, COMPUTED)
    if card is not None:
        said = {key: value for key, value in card.values.items() if says_something(value) or key not in values}
        values |= said
        sources |= {key: card.sources.get(key, "human") for key in said}
    return values, sources
