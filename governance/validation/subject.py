"""Gathering what the checks look at: files with their bytes, readings from the sandbox, the pinned card, the policy's word."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import structlog

from catalog.artifacts import sandbox
from catalog.artifacts.models import Blob
from catalog.artifacts.queries import files_of, local_copy
from catalog.artifacts.readers.types import Reading
from catalog.cards.queries import card_revision
from governance.policies.queries import policy_by_ref
from governance.policies.rules import Policy, Tier, waiver_needed
from governance.validation.checks.base import Subject, SubjectCard, SubjectFile
from governance.validation.checks.pickles import MATTER
from governance.validation.facts import facts_of_readings, known, schema_of
from governance.validation.looking import NOT_READ, Item, Look, TextLook, look
from governance.validation.models import ValidationRun
from governance.validation.queries import with_accepted
from governance.validation.record import record_of
from marketplace.errors import DomainError

log = structlog.get_logger(__name__)
MATTERS = (MATTER,)
BEAT_EVERY = 10.0
HASHED_BESIDE = 8 * 1024**3  # the sandbox hashes what it reads; larger files are hashed in turns, by the worker
CONTACTS = frozenset({"identity.accountable_owner", "identity.contact", "operation.incident_contact"})
T = TypeVar("T")


def gather(
    run: ValidationRun, stack: ExitStack, *, beat: Callable[[], None], read: Callable[[tuple[SubjectFile, ...]], Mapping[str, Reading]]
) -> Subject:
    """Gather the subject of a run, beating all the while; `read` gives a reading per file. Local copies live as long as `stack`."""
    version = run.version
    named = [] if version.model.is_hosted else list(files_of(version))
    blobs = [file.blob for file in named]
    places = while_beating(beat, lambda: [local_or_none(blob, stack) for blob in blobs])
    files = tuple(SubjectFile(file.path, file.blob.size, file.blob_id, place) for file, place in zip(named, places, strict=True))
    readings = sandbox.settle(read(files), {file.path: file.size for file in files})
    card = card_revision(version.model, run.card_revision)
    looks, texts = while_beating(beat, lambda: look_at(files, text_of(card.values, card.text)))
    schema = schema_of(version, version.tier, str(card.values.get("technical.task") or ""))
    values, sources = known(version, card, facts_of_readings(readings), schema)
    _, policy = policy_by_ref(version.policy)
    return Subject(
        version=str(version),
        hosted=version.model.is_hosted,
        tier=version.tier,
        manifest_digest=run.manifest_digest,
        files=files,
        readings=readings,
        card=SubjectCard(card.number, with_accepted(version, values), sources, schema, card.text),
        waivers=waivers(version.tier, policy),
        beat=beat,
        looks=looks,
        texts=texts,
        record=record_of(version, files, readings, values),
    )


def waivers(tier: str, policy: Policy) -> dict[str, bool | None]:
    """Return per matter whether the tier needs a waiver (True), allows one (False) or knows none (None)."""
    known_tier: dict[str, Tier] = {"T1": "T1", "T2": "T2", "T3": "T3", "T4": "T4"}
    return {matter: waiver_needed(known_tier[tier], matter, policy) for matter in MATTERS}


def read(files: tuple[SubjectFile, ...]) -> Mapping[str, Reading]:
    """Let the sandbox read all files, each by itself; what cannot be read gets the verdict "error"."""
    here = [sandbox.File(file.local, file.path, file.sha256 if file.size <= HASHED_BESIDE else "") for file in files if file.local is not None]
    lost = {file.path: sandbox.could_not_run(file.path, "Its bytes are not in the store.") for file in files if file.local is None}
    try:
        return sandbox.read_each(here) | lost
    except (OSError, ValueError) as fault:
        log.warning("readers_did_not_start", reason=type(fault).__name__)
        return {file.path: sandbox.could_not_run(file.path, "The reader could not be started.") for file in files}


def look_at(files: tuple[SubjectFile, ...], texts: Mapping[str, str]) -> tuple[Mapping[str, Look], Mapping[str, TextLook]]:
    """Let the sandbox look at the text in all files, and at the card's."""
    here = [Item(file.local, file.path, file.sha256) for file in files if file.local is not None]
    lost = {file.path: Look(problem=NOT_READ) for file in files if file.local is None}
    looks, said = look(here, texts)
    return looks | lost, said


def text_of(values: Mapping[str, object], text: str) -> dict[str, str]:
    """Return what people wrote in a card, by the place where it stands; contacts are meant to name people."""
    found = {key: "\n".join(_words(value)) for key, value in values.items() if key not in CONTACTS}
    return {"text": text} | {key: words for key, words in found.items() if words}


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _words(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _words(item)


def while_beating(beat: Callable[[], None], work: Callable[[], T]) -> T:
    """Return what long work gives that asks the database nothing; it runs beside us, so that we keep the lease however long it takes."""
    beside = ThreadPoolExecutor(1)
    try:
        future = beside.submit(work)
        while not wait([future], timeout=BEAT_EVERY).done:
            beat()
        return future.result()
    finally:
        beside.shutdown(wait=False)  # when the lease is lost, or time is up, nobody waits for the rest


def local_or_none(blob: Blob, stack: ExitStack) -> Path | None:
    """Return where the bytes are; None when the store does not have them whole."""
    try:
        return stack.enter_context(local_copy(blob))
    except (OSError, DomainError) as fault:
        log.warning("bytes_not_in_store", sha256=blob.sha256, reason=str(fault)[:200])
        return None
