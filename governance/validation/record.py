"""What the catalog knows of a version and of other models, for its checks: of others only what everybody in the organization may see.

Findings are read by whoever works with the version and whoever reviews it. So what they name must not depend on one viewer.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from catalog.artifacts.models import ModelFile
from catalog.artifacts.queries import used_bytes
from catalog.artifacts.readers.types import Reading
from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.queries import approvals_in_force
from catalog.registry.states import VersionState
from governance.validation.checks.base import Copy, Record, SubjectFile
from marketplace.permissions.models import Visibility

# The same settings or the same vocabulary in two models mean nothing.
WEIGHTS = frozenset(
    {"safetensors", "gguf", "onnx", "onnx-data", "pickle", "torch-zip", "npy", "npz", "hdf5", "keras", "tensorflow", "ubjson", "lightgbm"}
)
MOST_COPIES = 50
GONE = (VersionState.DRAFT, VersionState.WITHDRAWN, VersionState.QUARANTINED, VersionState.PURGED)


def record_of(version: ModelVersion, files: Iterable[SubjectFile], readings: Mapping[str, Reading], values: Mapping[str, Any]) -> Record:
    """Gather it for one version."""
    model = version.model
    weights = [file.sha256 for file in files if file.path in readings and readings[file.path].format in WEIGHTS]
    rows = known_to_all(model).values_list("team__name", "name", "license")
    licences: dict[str, str] = {}
    for team, name, licence in rows:
        if licence:
            licences.setdefault(name.lower(), licence)
            licences[f"{team}/{name}".lower()] = licence
    named = {str(base).lower() for base in _bases(values)}
    return Record(
        model=str(model),
        name=model.name,
        publisher=model.publisher,
        origin=str(model.origin),
        upstream_commit=version.upstream_commit,
        base_model=model.base_model,
        used_bytes=used_bytes(model.team),
        quota_bytes=model.team.quota_bytes,
        models=tuple(sorted(f"{team}/{name}" for team, name, _ in rows)),
        licences={name: licence for name, licence in licences.items() if name in named},
        copies=copies_of(version, weights),
    )


def known_to_all(model: RegisteredModel) -> Any:
    """The other models that everybody in the organization may see."""
    return RegisteredModel.objects.filter(visibility=Visibility.ORGANIZATION).exclude(pk=model.pk)


def copies_of(version: ModelVersion, digests: Iterable[str]) -> tuple[Copy, ...]:
    """Files of other models with the same bytes, whose names and files everybody may see, the oldest first."""
    wanted = sorted(set(digests))
    if not wanted:
        return ()
    rows = ModelFile.objects.filter(blob__in=wanted, version__model__in=known_to_all(version.model), version__model__files_on_request=False)
    rows = rows.exclude(version__state__in=GONE).select_related("version__model__team").order_by("pk")[:MOST_COPIES]
    approved = set(approvals_in_force().filter(version__in=[row.version_id for row in rows]).values_list("version", flat=True))
    return tuple(Copy(str(row.version.model), row.version.version, row.path, row.blob_id, row.version_id in approved) for row in rows)


def _bases(values: Mapping[str, Any]) -> Iterable[str]:
    named = values.get("lineage.base_model")
    return [item for item in named if isinstance(item, str)] if isinstance(named, list) else []
