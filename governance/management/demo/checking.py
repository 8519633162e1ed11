"""Runs the real checks over many versions at once: few sandboxes read the files of all of them."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TypeVar

from catalog.artifacts import sandbox
from catalog.artifacts.readers.types import Reading
from catalog.artifacts.store import as_local_file
from catalog.cards.models import CardRevision
from catalog.registry.models import ModelVersion
from governance.policies.rules import Policy
from governance.validation import probing
from governance.validation.checks.base import CheckAnswer, Subject, SubjectCard, SubjectFile
from governance.validation.checks.probe import models_to_ask
from governance.validation.facts import facts_of_readings, known, schema_of
from governance.validation.looking import Item, Look, TextLook, look
from governance.validation.record import record_of
from governance.validation.rules import rules
from governance.validation.ruleset import present_checks
from governance.validation.subject import text_of, waivers
from marketplace.bounded import BoundedError

T = TypeVar("T")


@dataclass(frozen=True)
class Candidate:
    """A version with what its checks look at; files as (path, size, sha256)."""

    version: ModelVersion
    card: CardRevision
    files: Sequence[tuple[str, int, str]]


@dataclass(frozen=True)
class Checked:
    """What the checks said, in their order, and what was read in each file."""

    answers: Sequence[CheckAnswer]
    readings: dict[str, Reading]


@dataclass(frozen=True)
class Seen:
    """What the sandboxes said of one version."""

    readings: dict[str, Reading]
    looks: dict[str, Look]
    texts: dict[str, TextLook]


def read_together(candidates: Sequence[Candidate], policy: Policy) -> list[Checked]:
    """Read all files together, then ask every check about each version."""
    with ExitStack() as stack:
        files = [
            (place, SubjectFile(path, size, sha256, stack.enter_context(as_local_file(sha256, size))))
            for place, candidate in enumerate(candidates)
            for path, size, sha256 in candidate.files
        ]
        wanted = [sandbox.File(file.local, f"{place}/{file.path}", file.sha256) for place, file in files if file.local is not None]
        readings = sandbox.inspect_many(wanted)
        written = {f"{place}/{key}": text for place, one in enumerate(candidates) for key, text in text_of(one.card.values, one.card.text).items()}
        looks, texts = look([Item(item.path, item.name, item.sha256) for item in wanted], written)
        subjects = [
            _subject(one, policy, tuple(f for p, f in files if p == place), Seen(_of(place, readings), _of(place, looks), _of(place, texts)))
            for place, one in enumerate(candidates)
        ]
        _probe_ahead(subjects)
        return [Checked([check.run(subject) for check in present_checks()], dict(subject.readings)) for subject in subjects]


def _probe_ahead(subjects: Sequence[Subject]) -> None:
    """Ask the models of all versions in one sandbox; where that fails, the check asks each alone."""
    bounds = rules("probe").data
    models = {model.sha256: model for subject in subjects for model in models_to_ask(subject, bounds)}
    with suppress(BoundedError, ValueError, OSError):
        probing.ask(list(models.values()), bounds)


def _of(place: int, every: Mapping[str, T]) -> dict[str, T]:
    """Return what was seen of one version, by the names there."""
    return {name.partition("/")[2]: item for name, item in every.items() if name.startswith(f"{place}/")}


def _subject(candidate: Candidate, policy: Policy, files: tuple[SubjectFile, ...], seen: Seen) -> Subject:
    """Return what the checks look at of one version."""
    version, card, readings = candidate.version, candidate.card, seen.readings
    schema = schema_of(version, version.tier, str(card.values.get("technical.task") or ""))
    values, sources = known(version, card, facts_of_readings(readings), schema)
    return Subject(
        version=str(version),
        hosted=False,
        tier=version.tier,
        manifest_digest=version.manifest_digest,
        files=files,
        readings=readings,
        card=SubjectCard(card.number, values, sources, schema, card.text),
        waivers=waivers(version.tier, policy),
        beat=lambda: None,
        looks=seen.looks,
        texts=seen.texts,
        record=record_of(version, files, readings, values),
    )
