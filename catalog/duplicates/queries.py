"""Exact copies, the first ring: versions with the same manifest, or with files of the same bytes, among what somebody may see."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from catalog.artifacts.models import ModelFile
from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.queries import versions_for
from marketplace.permissions.queries import visible

Viewer = Any
MOST = 50


@dataclass(frozen=True)
class CopiedVersion:
    """Another version that has bytes in common with this one."""

    version: ModelVersion
    is_whole: bool
    files: int
    bytes: int

    @property
    def words(self) -> str:
        """What they have in common, in words."""
        if self.is_whole:
            return "All files are the same"
        return "1 file is the same" if self.files == 1 else f"{self.files} files are the same"


def copies_of(viewer: Viewer, version: ModelVersion) -> list[CopiedVersion]:
    """Versions of other models that share files with this one, whole copies first, then by how much they share."""
    mine = ModelFile.objects.filter(version=version).values("blob")
    rows = visible(ModelFile.objects.filter(blob__in=mine), to=viewer, via="version__model").exclude(version__model=version.model_id)
    shared: dict[int, dict[str, int]] = defaultdict(dict)
    for other, sha256, size in rows.values_list("version", "blob", "blob__size"):
        shared[other][sha256] = size
    same = _same_manifest(viewer, version)
    versions = versions_for(viewer).filter(pk__in=[*shared, *same])
    found = [CopiedVersion(other, other.pk in same, len(shared[other.pk]), sum(shared[other.pk].values())) for other in versions]
    return sorted(found, key=lambda copy: (not copy.is_whole, -copy.bytes, -copy.version.pk))[:MOST]


def _same_manifest(viewer: Viewer, version: ModelVersion) -> set[int]:
    """Versions of other models whose whole manifest, or whose descriptor of a hosted service, is the same."""
    rows = versions_for(viewer).filter(manifest_digest=version.manifest_digest).exclude(manifest_digest="")
    return set(rows.exclude(model=version.model_id).values_list("pk", flat=True))


def copies_of_model(viewer: Viewer, model: RegisteredModel) -> list[CopiedVersion]:
    """The copies of the newest version of a model that was found for a viewer."""
    newest = ModelVersion.objects.filter(model=model).first()
    return copies_of(viewer, newest) if newest else []
