"""Rows for tests, made through actions where a rule exists, so that no test starts from an impossible state."""

import hashlib
from datetime import timedelta
from itertools import count

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from catalog.artifacts.manifest import manifest_digest
from catalog.artifacts.models import Blob, ModelFile
from catalog.artifacts.storage import key
from catalog.cards.models import CardRevision
from catalog.registry.actions import add_version, create_service_account, create_use_case, freeze_version, give_approval, move_version, register_model
from catalog.registry.models import ModelVersion, RegisteredModel, ServiceAccount, UseCase
from catalog.registry.states import VersionState
from governance.validation.models import ValidationRun
from governance.validation.states import RunState, Verdict

numbers = count(1)


def safetensors(seed: int = 0) -> bytes:
    """A real, tiny safetensors file; another seed gives other bytes."""
    import numpy as np
    from safetensors.numpy import save

    return save({"w": np.arange(16, dtype=np.float32) + seed})


def a_model(team, by, name: str = "", **facts) -> RegisteredModel:
    """A registered model."""
    return register_model(team, name or f"model-{next(numbers)}", by=by, **({"summary": "Does something useful."} | facts))


def a_use_case(team, by, name: str = "", **facts) -> UseCase:
    """What models are used for."""
    return create_use_case(name or f"Use case {next(numbers)}", team=team, by=by, **facts)


def a_service_account(team, by, name: str = "", *, use_case=None, environment: str = "production", user=None) -> ServiceAccount:
    """A program of a team; `user` makes a service account of one who has none yet."""
    use_case = use_case or UseCase.objects.filter(team=team).first() or a_use_case(team, by)
    if user is not None:
        return ServiceAccount.objects.create(user=user, team=team, accountable=by, use_case=use_case, environment=environment, created_by=by)
    return create_service_account(team, name or f"ci-{next(numbers)}", by=by, use_case=use_case, environment=environment, accountable=by)


def a_version(model, by, version: str = "1.0.0", **facts) -> ModelVersion:
    """A draft."""
    return add_version(model, version, by=by, **facts)


def a_file(version, content: bytes | None = None, path: str = "model.safetensors", by=None) -> ModelFile:
    """A file of a draft, with its bytes in the store."""
    content = safetensors(version.pk) if content is None else content
    sha = hashlib.sha256(content).hexdigest()
    if not default_storage.exists(key(sha)):
        default_storage.save(key(sha), ContentFile(content))
    blob, _ = Blob.objects.get_or_create(sha256=sha, defaults={"size": len(content)})
    return ModelFile.objects.create(version=version, path=path, blob=blob, added_by=by)


def a_card(model, by, text: str = "# A card", **values) -> CardRevision:
    """A card revision with the given values."""
    number = 1 + (CardRevision.objects.filter(model=model).count())
    return CardRevision.objects.create(model=model, number=number, values=values, sources=dict.fromkeys(values, "human"), text=text, author=by)


def a_submitted_version(model, by, version: str = "1.0.0", *, tier: str = "T3", use_case=None, **facts) -> ModelVersion:
    """A version under checks, with a file, a card and a use case pinned."""
    made = a_version(model, by, version, **facts)
    if not model.is_hosted:
        a_file(made, by=by)
    card = CardRevision.objects.filter(model=model).first() or a_card(model, by)
    use_case = use_case or UseCase.objects.filter(team=model.team).first() or a_use_case(model.team, by)
    ModelVersion.objects.filter(pk=made.pk).update(use_case=use_case)
    made.refresh_from_db()
    files = [{"path": f.path, "size": f.blob.size, "sha256": f.blob_id} for f in made.files.select_related("blob")]
    digest = manifest_digest(files) if files else hashlib.sha256(b"hosted").hexdigest()
    with transaction.atomic():
        return freeze_version(
            made, by=by, manifest_digest=digest, size=sum(f["size"] for f in files), card_revision=card.number,
            tier=tier, because=["for the test"], policy="starter@1",
        )  # fmt: skip


def a_finished_run(version, outcome: str = Verdict.PASS) -> ValidationRun:
    """A run of checks that has ended."""
    return ValidationRun.objects.create(
        version=version, state=RunState.FINISHED, outcome=outcome, manifest_digest=version.manifest_digest,
        card_revision=version.card_revision, finished_at=timezone.now(),
    )  # fmt: skip


def an_approved_version(model, by, version: str = "1.0.0", *, days: int = 100, **facts) -> ModelVersion:
    """A version that its owner team may use."""
    made = a_submitted_version(model, by, version, **facts)
    run = a_finished_run(made)
    with transaction.atomic():
        move_version(made, VersionState.IN_REVIEW, verb="version.review_opened", by=None)
        move_version(made, VersionState.APPROVED, verb="version.approved", by=None)
        give_approval(
            made, by=None, valid_until=timezone.now() + timedelta(days=days), grace_days=30, conditions=[], checks_run=run.pk,
            policy="starter@1", review=None,
        )  # fmt: skip
    return made
