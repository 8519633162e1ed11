"""Noting who read bytes, before they leave."""

from django.db import transaction

from catalog.registry.models import ModelVersion, UseCase
from catalog.usage.models import UsageEvent, UsageKind
from marketplace import origin
from marketplace.accounts.models import Team, User
from marketplace.identifiers import keyed_hash


@transaction.atomic
def record_read(
    version: ModelVersion,
    path: str,
    *,
    by: User,
    sha256: str,
    size: int,
    kind: str = UsageKind.USE,
    team: Team | None = None,
    use_case: UseCase | None = None,
    environment: str = "",
    token: str = "",
) -> UsageEvent:
    """Note one allowed read of `size` bytes; durable before the first byte leaves, sealed into the record within a minute."""
    came = origin.current()
    return UsageEvent.objects.create(
        kind=kind,
        model_id=version.model_id,
        version=version,
        path=path,
        sha256=sha256,
        bytes=size,
        person=by.person,
        team=team,
        token=token or came.token,
        use_case=use_case,
        environment=environment,
        address=keyed_hash(came.address, purpose="address") if came.address else "",
        request_id=came.request_id,
    )
