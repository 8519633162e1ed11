"""Files on request: everybody may know of the model, and only whoever may read its files sees which there are."""

from typing import Any

from django.db.models import Q, QuerySet

from catalog.registry.models import Approval, ModelVersion, RegisteredModel
from catalog.registry.queries import usable_approvals
from marketplace.permissions.needs import Need
from marketplace.permissions.queries import allowed, visible

Viewer = Any


def shows_files(viewer: Viewer, version: ModelVersion) -> bool:
    """Whether somebody sees which files a version has: always, or for files on request who works with it or may use it."""
    return sees_all_files(viewer, version.model) or _usable(viewer).filter(version=version).exists()


def sees_all_files(viewer: Viewer, model: RegisteredModel) -> bool:
    """Whether somebody sees the files of every version of a model, approved for them or not."""
    return not model.files_on_request or allowed(viewer, Need.WORK, model)


def versions_showing_files(viewer: Viewer, model: RegisteredModel) -> frozenset[int] | None:
    """The versions of a model whose files somebody sees; None: of every one."""
    if sees_all_files(viewer, model):
        return None
    return frozenset(_usable(viewer).filter(version__model=model).values_list("version", flat=True))


def showing_files(viewer: Viewer, path: str = "") -> Q:
    """The same as a condition on rows of any model; `path` leads from the queried row to the version (`version__`)."""
    worked_on = visible(ModelVersion.objects.order_by(), to=viewer, need=Need.WORK, via="model").values("pk")
    mine = Q(**{f"{path}pk__in": _usable(viewer).values("version")}) | Q(**{f"{path}pk__in": worked_on})
    return Q(**{f"{path}model__files_on_request": False}) | mine


def _usable(viewer: Viewer) -> QuerySet[Approval]:
    """Approvals that a grant of the viewer is covered by, until the stop: who pulled before the end may pull again."""
    return (usable_approvals(viewer) | usable_approvals(viewer, after_end=True)).order_by()
