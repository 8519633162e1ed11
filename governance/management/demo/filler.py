"""Brings thought-up models into the database in bulk: with files, truly checked, reviewed and approved, or only listed.

Hundreds of models through every action would take minutes. So their rows are written here together, as the actions would have left them:
the bytes are in the store, the digests are theirs, every check has really been run over them, and each step stands in the record.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from catalog.artifacts.models import Blob
from catalog.artifacts.storage import key
from catalog.registry.models import RegisteredModel
from catalog.search.actions import index_models
from catalog.sources.actions import Record, add_source, run_import
from governance.management.demo.artifacts import Files, artifact_files
from governance.management.demo.cards import story_of
from governance.management.demo.checking import read_together
from governance.management.demo.further import FURTHER
from governance.management.demo.ideas import Idea, combinations, idea
from governance.management.demo.lives import Life, Lives
from governance.management.demo.named import NAMED
from governance.management.demo.people import People
from marketplace.identifiers import slug

SOURCE = "partner-catalog"
AT_ONCE = 20
SMALL = {"hidden": 24, "layers": 1, "vocabulary": 64}
Say = Callable[[str], None]


def missing_ideas(size: int) -> list[Idea]:
    """Return the thought-up models that a demo world of this size still lacks."""
    wanted = min(max(0, size - len(NAMED) - len(FURTHER)), len(combinations()))
    known = set(RegisteredModel.objects.values_list("team__name", "name"))
    found = (idea(number) for number in range(wanted))
    return [one for one in found if (SOURCE if one.is_listed else one.team, one.name) not in known]


def fill(ideas: Sequence[Idea], people: People, *, say: Say) -> None:
    """Bring these models in."""
    if listed := [one for one in ideas if one.is_listed]:
        import_listed(listed)
    ours, done = [one for one in ideas if not one.is_listed], 0
    for batch in batches(ours):
        files = {one.number: keep_files(one) for one in batch}
        with transaction.atomic():
            bring_in(batch, files, people)
        if done // 500 < (done := done + len(batch)) // 500:
            say(f"  {done:,} of {len(ours):,}")


def batches(ideas: Sequence[Idea]) -> Iterator[list[Idea]]:
    """Cut them into what fits into one transaction."""
    rest = iter(ideas)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch


def import_listed(ideas: Sequence[Idea]) -> None:
    """Import what is only known, as from a partner's catalog."""
    source = add_source(SOURCE, kind="demo", by=None)
    run_import(source, enumerate((record_of(one) for one in ideas), start=1), by=None, operator="demo")


def record_of(one: Idea) -> Record:
    """Return a thought-up model as a record of a catalog."""
    facts: dict[str, Any] = {
        "summary": one.summary, "task": one.trade["task"], "library": story_of(one).library, "framework": story_of(one).library,
        "license": one.license, "modality": one.trade["modality"], "publisher": one.publisher, "base_model": "", "tags": list(one.tags),
        "parameters": one.parameters,
    }  # fmt: skip
    card: dict[str, Any] = {
        "identity.name": one.name,
        "identity.summary": one.summary,
        "identity.developed_by": one.publisher,
        "legal.license": one.license,
    }
    card |= {"technical.task": one.trade["task"], "technical.tags": list(one.tags), "risk.limitations": " ".join(one.trade["weak"])}
    origin = "vendor" if one.license == "proprietary" else "open"
    return Record(f"{slug(one.publisher).lower()}/{one.name}", one.name, "files", origin, facts, card, one.text)


def keep_files(one: Idea) -> Files:
    """Make the files of a model and keep their bytes in the store."""
    files = [(path, content) for path, content in artifact_files(one.kind, 100_000 + one.number, name=one.name, **SMALL) if path != "README.md"]
    for _, content in files:
        place = key(hashlib.sha256(content).hexdigest())
        if not default_storage.exists(place):
            default_storage.save(place, ContentFile(content))
    return files


def bring_in(batch: Sequence[Idea], files: dict[int, Files], people: People) -> None:
    """Write one batch: drafts first, then what became of them."""
    lives = Lives(people)
    blobs = {hashlib.sha256(content).hexdigest(): len(content) for made in files.values() for _, content in made}
    Blob.objects.bulk_create([Blob(sha256=sha256, size=size) for sha256, size in sorted(blobs.items())], ignore_conflicts=True)
    told = [Life(one, people, files[one.number], lives.today) for one in batch]
    lives.draft(told)
    lives.submit([life for life in told if life.is_submitted])
    lives.check([life for life in told if life.is_submitted], read_together)
    lives.review([life for life in told if life.is_submitted])
    lives.approve([life for life in told if life.is_approved])
    lives.settle(told)
    index_models([life.model.pk for life in told])
