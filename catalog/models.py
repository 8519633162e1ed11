"""The tables of the shop; each is written in the room it belongs to."""

from catalog.artifacts.models import Blob, ModelFile, Upload
from catalog.cards.models import CardRevision
from catalog.registry.models import (
    AccessGrant,
    Alias,
    Approval,
    ModelGroupPermission,
    ModelPersonPermission,
    ModelVersion,
    RegisteredModel,
    ServiceAccount,
    UseCase,
)
from catalog.search.models import SearchDocument
from catalog.sources.models import ImportedRecord, ImportRun, Source
from catalog.usage.models import DailyUse, UsageEvent

__all__ = [
    "AccessGrant",
    "Alias",
    "Approval",
    "Blob",
    "CardRevision",
    "DailyUse",
    "ImportRun",
    "ImportedRecord",
    "ModelFile",
    "ModelGroupPermission",
    "ModelPersonPermission",
    "ModelVersion",
    "RegisteredModel",
    "SearchDocument",
    "ServiceAccount",
    "Source",
    "Upload",
    "UsageEvent",
    "UseCase",
]
