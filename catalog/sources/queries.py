"""Finding sources, their records and runs."""

from collections.abc import Iterable

from catalog.cards.models import CardRevision
from catalog.registry.models import Approval, RegisteredModel
from catalog.sources.models import ImportedRecord, ImportRun, Source
from marketplace.accounts.models import Team


def source_named(name: str) -> Source | None:
    """The source with this name, whatever the case."""
    return Source.objects.select_related("team").filter(name__iexact=name).first()


def records_of(source: Source, external_ids: Iterable[str]) -> dict[str, ImportedRecord]:
    """The records of a source by external id, with their models."""
    rows = ImportedRecord.objects.filter(source=source, external_id__in=list(external_ids)).select_related("model__team")
    return {row.external_id: row for row in rows}


def names_in(team: Team) -> set[str]:
    """The names a team has given to models, in lower case."""
    return {name.lower() for name in RegisteredModel.objects.filter(team=team).values_list("name", flat=True)}


def present_cards(models: Iterable[int]) -> dict[int, CardRevision]:
    """The present card of each model."""
    rows = CardRevision.objects.filter(model__in=list(models)).order_by("model_id", "-number").distinct("model_id")
    return {row.model_id: row for row in rows}


def cards_relied_on(models: Iterable[int]) -> set[int]:
    """Those of these models whose card an approval is bound to, or people have edited."""
    ids = list(models)
    approved = Approval.objects.filter(version__model__in=ids, voided_at=None).order_by().values_list("version__model", flat=True)
    edited = CardRevision.objects.filter(model__in=ids).exclude(author=None).order_by().values_list("model", flat=True)
    return set(approved.union(edited))


def runs_of(source: Source) -> list[ImportRun]:
    """The last runs of a source, newest first."""
    return list(ImportRun.objects.filter(source=source)[:20])
