"""Runs the real checks over many versions at once: few sandboxes read the files of all of them."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from catalog.artifacts import sandbox
from catalog.artifacts.readers.types import Reading
from catalog.artifacts.store import as_local_file
from catalog.cards.models import CardRevision
from catalog.registry.models import ModelVersion
from governance.policies.rules import Policy
from governance.validation.checks.base import CheckAnswer, Subject, SubjectCard, SubjectFile
from governance.validation.facts import facts_of_readings, known, schema_of
from governance.validation.ruleset import present_checks
from governance.validation.subject import waivers


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
        return [
            _ask(
                candidate, policy, tuple(f for p, f in files if p == place), {n.partition("/")[2]: r for n, r in readings.items() if _of(n) == place}
            )
            for place, candidate in enumerate(candidates)
        ]


def _of(name: str) -> int:
    return int(name.partition("/")[0])


def _ask(candidate: Candidate, policy: Policy, files: tuple[SubjectFile, ...], readings: dict[str, Reading]) -> Checked:
    """Ask every check about one version."""
    version, card = candidate.version, candidate.card
    schema = schema_of(version, version.tier, str(card.values.get("technical.task") or ""))
    values, sources = known(version, card, facts_of_readings(readings), schema)
    subject = Subject(
        version=str(version),
        hosted=False,
        tier=version.tier,
        manifest_digest=version.manifest_digest,
        files=files,
        readings=readings,
        card=SubjectCard(card.number, values, sources, schema),
        waivers=waivers(version.tier, policy),
        beat=lambda: None,
    )
    return Checked([check.run(subject) for check in present_checks()], readings)
