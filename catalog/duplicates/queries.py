"""Exact copies, the first ring: versions with the same manifest, or with files of the same bytes, among what somebody may see."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Value

from catalog.artifacts.models import ModelFile
from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.on_request import showing_files, shows_files
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
    """Versions of other models that share files with this one, whole copies first, then by how much they share.

    Nothing is told of files on request to those who may not read them: neither what they are copies of, nor that they are.
    """
    if not shows_files(viewer, version):
        return []
    return _copies(viewer, ModelVersion.objects.filter(pk=version.pk), version.model_id)


def copies_of_model(viewer: Viewer, model: RegisteredModel) -> list[CopiedVersion]:
    """The copies of the newest version of a model that was found for a viewer."""
    newest = ModelVersion.objects.filter(model=model).order_by("-pk")[:1]
    if model.files_on_request:
        return [copy for version in newest.select_related("model__team") for copy in copies_of(viewer, version)]
    return _copies(viewer, newest, model.pk)


def _copies(viewer: Viewer, mine: QuerySet[ModelVersion], model: int) -> list[CopiedVersion]:
    """Ask for shared files and for equal manifests (or descriptors of a hosted service) in one statement; it finds nothing nearly always."""
    files = ModelFile.objects.filter(blob__in=ModelFile.objects.filter(version__in=mine.values("pk")).values("blob"))
    files = visible(files, to=viewer, via="version__model").filter(showing_files(viewer, "version__")).exclude(version__model=model).order_by()
    whole = (
        versions_for(viewer)
        .filter(showing_files(viewer), manifest_digest__in=mine.values("manifest_digest"))
        .exclude(manifest_digest="")
        .exclude(model=model)
    )
    parts = files.annotate(is_whole=Value(0)).values_list("version", "blob", "blob__size", "is_whole")
    found = parts.union(whole.order_by().annotate(blob=Value(""), size=Value(0), is_whole=Value(1)).values_list("pk", "blob", "size", "is_whole"))
    shared: dict[int, dict[str, int]] = defaultdict(dict)
    same: set[int] = set()
    for other, sha256, size, is_whole in found:
        if is_whole:
            same.add(other)
        else:
            shared[other][sha256] = size
    others = versions_for(viewer).filter(pk__in=[*shared, *same])
    copies = [CopiedVersion(other, other.pk in same, len(shared[other.pk]), sum(shared[other.pk].values())) for other in others]
    return sorted(copies, key=lambda copy: (not copy.is_whole, -copy.bytes, -copy.version.pk))[:MOST]
