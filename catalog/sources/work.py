"""Taking over records: new ones become models, changed ones update only what nobody here has edited.

A batch is one transaction with one `model.imported` event that lists every model with the digest of its record: the record of
what happened stays complete and provable (a listed digest can be recomputed from the source), while ten thousand events,
each hashed into the chain under one lock, would hold up everybody else who writes. Only a changed card that somebody
relies on has its own event, so that an approval that was given on other words is void.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from catalog.cards.actions import COLUMNS
from catalog.cards.models import CardRevision
from catalog.registry.models import RegisteredModel
from catalog.search.actions import index_models
from catalog.sources.connectors.records import Record, Unreadable
from catalog.sources.models import ImportedRecord, ImportRun, Source
from catalog.sources.queries import cards_relied_on, names_in, present_cards, records_of
from catalog.sources.states import ImportState
from marketplace.activity.actions import record
from marketplace.identifiers import digest

BATCH = 500
MAX_REPORTED = 1000
CARD_KEYS = {column: key for key, (column, _) in COLUMNS.items()}
Lines = Iterable[tuple[int, Record | Unreadable]]
Progress = Callable[[int], None]


def silent(read: int) -> None:
    """Show no progress."""


@dataclass
class Outcome:
    """What an import did, or would do."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    broken: list[dict[str, Any]] = field(default_factory=list)
    renamed: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def read(self) -> int:
        """How many lines were read."""
        return self.added + self.changed + self.unchanged + len(self.broken)


@dataclass
class Importer:
    """One import into one team: names taken so far, ids seen so far, what was done."""

    source: Source
    state: str
    names: set[str]
    outcome: Outcome = field(default_factory=Outcome)
    seen: dict[str, int] = field(default_factory=dict)

    def name_for(self, number: int, wanted: str) -> str:
        """Return the name a new model gets: as wanted, or numbered when the team has one of that name."""
        name, count = wanted, 1
        while name.lower() in self.names:
            count += 1
            name = f"{wanted[:90]}-{count}"
        self.names.add(name.lower())
        if name != wanted:
            self.outcome.renamed.append((number, wanted, name))
        return name

    def readable(self, lines: list[tuple[int, Record | Unreadable]]) -> list[tuple[int, Record]]:
        """Return the records of a batch; what is broken or comes twice is reported with its line."""
        good: list[tuple[int, Record]] = []
        for number, found in lines:
            if isinstance(found, Unreadable):
                self.outcome.broken.append({"line": number, "why": found.why, "column": found.column})
            elif found.external_id in self.seen:
                why = f"The id {found.external_id[:100]} came before, in line {self.seen[found.external_id]}."
                self.outcome.broken.append({"line": number, "why": why, "column": ""})
            else:
                self.seen[found.external_id] = number
                good.append((number, found))
        return good


def import_lines(run: ImportRun, lines: Lines, *, state: str, operator: str = "", progress: Progress = silent) -> Outcome:
    """Take over every record, batch by batch; what one batch did stays, whatever happens to the next."""
    importer = Importer(run.source, state, names_in(run.source.team))
    try:
        for batch in batches(lines):
            with transaction.atomic():
                take_over(importer, batch)
            progress(importer.outcome.read)
    except BaseException:
        finish(run, importer.outcome, ImportState.FAILED, operator)
        raise
    finish(run, importer.outcome, ImportState.DONE, operator)
    return importer.outcome


def batches(lines: Lines) -> Iterator[list[tuple[int, Record | Unreadable]]]:
    """Cut the lines into batches."""
    rest = iter(lines)
    while batch := list(islice(rest, BATCH)):
        yield batch


def take_over(importer: Importer, batch: list[tuple[int, Record | Unreadable]]) -> None:
    """Do one batch: look up what is known, add what is new, update what changed, index both, and record it."""
    good = importer.readable(batch)
    known = records_of(importer.source, [found.external_id for _, found in good])
    new = [(number, found) for number, found in good if found.external_id not in known]
    changed = [
        (known[found.external_id], found) for _, found in good if found.external_id in known and known[found.external_id].digest != found.digest
    ]
    done = add(importer, new) + update(changed)
    importer.outcome.added += len(new)
    importer.outcome.changed += len(changed)
    importer.outcome.unchanged += len(good) - len(new) - len(changed)
    if done:
        index_models([model for model, _ in done])
        record("model.imported", importer.source, by=None, models=[{"id": model, "digest": sha} for model, sha in done])


def add(importer: Importer, new: list[tuple[int, Record]]) -> list[tuple[int, str]]:
    """Create models with their card and the record they came from."""
    source = importer.source
    models = RegisteredModel.objects.bulk_create(
        RegisteredModel(
            team=source.team,
            name=importer.name_for(number, found.slug),
            display_name=found.name if found.name != found.slug else "",
            kind=found.kind,
            origin=found.origin,
            state=importer.state,
            tier=found.tier,
            source=source.name,
            external_id=found.external_id,
            **found.facts,
        )
        for number, found in new
    )
    pairs = [(model, found, found.digest) for model, (_, found) in zip(models, new, strict=True)]
    CardRevision.objects.bulk_create(first_card(model, found) for model, found, _ in pairs)
    ImportedRecord.objects.bulk_create(
        ImportedRecord(
            source=source,
            external_id=found.external_id,
            model=model,
            digest=sha,
            imported=sorted(written(found)),
            provenance=found.provenance | {"written": written(found)},
        )
        for model, found, sha in pairs
    )
    return [(model.pk, sha) for model, _, sha in pairs]


def first_card(model: RegisteredModel, found: Record) -> CardRevision:
    """Return the card of a new model; its text is rendered when somebody first looks at it."""
    return CardRevision(
        model=model,
        number=1,
        values=found.card,
        sources=dict.fromkeys(found.card, "imported"),
        text=found.text,
        is_rendered=not found.text,
        summary=f"Imported from {model.source}"[:280],
    )


def written(found: Record) -> dict[str, Any]:
    """What the source says, by field: facts and short card values as they are, the text by its digest."""
    facts = found.facts | {"display_name": found.name if found.name != found.slug else ""}
    card = {key: digest(value) for key, value in found.card.items()}
    return (
        {f"model.{name}": value for name, value in facts.items()} | {f"card.{key}": sha for key, sha in card.items()} | {"text": digest(found.text)}
    )


def update(changed: list[tuple[ImportedRecord, Record]]) -> list[tuple[int, str]]:
    """Update models whose record changed, in the fields that still say what the source said last."""
    ids = [row.model_id for row, _ in changed]
    cards, relied_on = present_cards(ids), cards_relied_on(ids)
    return [update_one(row, found, cards.get(row.model_id), is_relied_on=row.model_id in relied_on) for row, found in changed]


def update_one(row: ImportedRecord, found: Record, card: CardRevision | None, *, is_relied_on: bool) -> tuple[int, str]:
    """Update one model and its card; a field that somebody here has edited is theirs from now on."""
    before, now = row.provenance.get("written", {}), written(found)
    left_out = gone(row, before, now, card)
    ours = still_imported(row, before, now, card, left_out)
    moved = [name for name in ours if not name.startswith("model.") and before.get(name) != now[name]]
    if moved or left_out:
        made = next_card(row, found, card, ours, left_out)
        if is_relied_on:
            keys = sorted({name.removeprefix("card.") for name in moved} | set(left_out))
            record("card.saved", row.model, by=None, revision=made.number, changed=keys)
    facts = {name.removeprefix("model."): now[name] for name in ours if name.startswith("model.")}
    changes = {name: value for name, value in facts.items() if getattr(row.model, name) != value}
    if changes:
        RegisteredModel.objects.filter(pk=row.model_id).update(**changes, updated_at=Now())
    sha = found.digest
    ImportedRecord.objects.filter(pk=row.pk).update(
        digest=sha, imported=sorted(ours), provenance=found.provenance | {"written": {name: now[name] for name in ours}}, updated_at=timezone.now()
    )
    return row.model_id, sha


def still_imported(row: ImportedRecord, before: dict[str, Any], now: dict[str, Any], card: CardRevision | None, left_out: list[str]) -> list[str]:
    """Return the fields that the source may write; a fact that the card holds too goes with the card, so that both say the same."""
    ours = [name for name in now if not name.startswith("model.") and is_still_imported(name, row, before, card)]
    source = {*ours, *(f"card.{key}" for key in left_out)}
    for name in now:
        if name.startswith("model."):
            key = f"card.{CARD_KEYS.get(name.removeprefix('model.'), '')}"
            is_on_card = key in now or key in before
            if (is_on_card and key in source) or (not is_on_card and is_still_imported(name, row, before, card)):
                ours.append(name)
    return ours


def is_still_imported(name: str, row: ImportedRecord, before: dict[str, Any], card: CardRevision | None) -> bool:
    """Whether a field holds what the import wrote last, or was never said by anybody."""
    kind, _, key = name.partition(".")
    if kind == "model":
        return name in row.imported and getattr(row.model, key) == before.get(name)
    if card is None:
        return True
    if kind == "text":
        return name in row.imported and digest(card.text) == before.get(name)
    if key not in card.values:
        # Nobody says anything there; when the import did before, somebody took it out on purpose.
        return name not in row.imported
    return name in row.imported and card.sources.get(key) == "imported" and digest(card.values[key]) == before.get(name)


def gone(row: ImportedRecord, before: dict[str, Any], now: dict[str, Any], card: CardRevision | None) -> list[str]:
    """Return the card fields that the source no longer says anything about and nobody here has edited."""
    left = [name for name in before if name.startswith("card.") and name not in now]
    return [name.removeprefix("card.") for name in left if is_still_imported(name, row, before, card)]


def next_card(row: ImportedRecord, found: Record, card: CardRevision | None, ours: list[str], left_out: list[str]) -> CardRevision:
    """Write the next revision: the source's new values over the present card, everything else as it stands."""
    keys = {name.removeprefix("card.") for name in ours if name.startswith("card.")}
    values = {key: value for key, value in (card.values if card else {}).items() if key not in left_out}
    sources = {key: value for key, value in (card.sources if card else {}).items() if key in values}
    text = found.text if "text" in ours or card is None else card.text
    kept = card is not None and card.text == text
    return CardRevision.objects.create(
        model_id=row.model_id,
        number=card.number + 1 if card else 1,
        values=values | {key: found.card[key] for key in keys},
        sources=sources | dict.fromkeys(keys, "imported"),
        unmapped=card.unmapped if card else {},
        found=card.found if card else {},
        text=text,
        html=card.html if card and kept else "",
        render_note=card.render_note if card and kept else "",
        is_rendered=card.is_rendered if card and kept else not text,
        summary=f"Changed at {row.source.name}"[:280],
    )


def finish(run: ImportRun, outcome: Outcome, state: str, operator: str) -> None:
    """Write down how the run ended, and record it when it did anything."""
    with transaction.atomic():
        ImportRun.objects.filter(pk=run.pk).update(
            state=state,
            finished_at=Now(),
            added=outcome.added,
            changed=outcome.changed,
            unchanged=outcome.unchanged,
            broken=outcome.broken[:MAX_REPORTED],
        )
        record(
            "import.finished",
            run.source,
            by=None,
            texts={"operator": operator},
            run=run.pk,
            state=state,
            added=outcome.added,
            changed=outcome.changed,
            unchanged=outcome.unchanged,
            broken=len(outcome.broken),
        )
