"""Exact copies, the first ring: versions with the same manifest, or with files of the same bytes, among what somebody may see."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Exists, Max, OuterRef, Q, QuerySet, Sum, Value, When

from catalog.artifacts.models import ModelFile
from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.on_request import showing_files, shows_files
from catalog.registry.queries import versions_for
from marketplace.permissions.queries import visible

Viewer = Any
MOST = 50


@dataclass(frozen=True)
class CopiedVersion:
    """Another version that has bytes in common with this one: how many of its files are here too, and how long they are together."""

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
    same_manifest = mine.values("manifest_digest")
    files = ModelFile.objects.filter(blob__in=ModelFile.objects.filter(version__in=mine.values("pk")).values("blob"))
    files = visible(files, to=viewer, via="version__model").filter(showing_files(viewer, "version__")).exclude(version__model=model).order_by()
    is_whole = Case(When(~Q(version__manifest_digest="") & Q(version__manifest_digest__in=same_manifest), then=1), default=0)
    sharing = files.values("version").annotate(is_whole=Max(is_whole), number=Count("pk"), length=Sum("blob__size"))
    # With the same files they were found by those already; a service has none.
    whole = versions_for(viewer).filter(showing_files(viewer), manifest_digest__in=same_manifest).exclude(manifest_digest="").exclude(model=model)
    whole = whole.exclude(Exists(ModelFile.objects.filter(version=OuterRef("pk")))).order_by()
    columns = ("is_whole", "number", "length")
    found = sharing.values_list("version", *columns).union(
        whole.annotate(is_whole=Value(1), number=Value(0), length=Value(0)).values_list("pk", *columns), all=True
    )
    ranked = list(found.order_by("-is_whole", "-length", "-version")[:MOST])
    versions = versions_for(viewer).in_bulk([pk for pk, *_ in ranked])
    return [CopiedVersion(versions[pk], bool(same), number, length) for pk, same, number, length in ranked if pk in versions]
