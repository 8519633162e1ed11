"""The way out of quarantine: two people of security release a version to its checks, or reject it for good."""

from django.db import transaction

from catalog.registry.actions import lock_version, move_version
from catalog.registry.models import ModelVersion
from catalog.registry.states import VersionState
from governance.reviews.actions.standing import said_why
from governance.reviews.permissions import require_outsider, require_security
from governance.reviews.queries import supporters
from governance.validation.actions import release
from marketplace.accounts.models import User
from marketplace.accounts.queries import people_by_pseudonym
from marketplace.activity.actions import person_id, record
from marketplace.errors import Conflict
from marketplace.lifecycle import words


@transaction.atomic
def release_version(version: ModelVersion, *, reason: str, by: User) -> ModelVersion:
    """Say that what was found is not dangerous; with the second person of security its checks run again."""
    require_security(by, "release a version from quarantine")
    version, reason = _quarantined(version, reason, by)
    if not version.manifest_digest or version.card_revision is None:
        raise Conflict(f"{version} was never submitted, so there is nothing to check.", hint="Reject it; the team adds a new version.")
    first = _first(version, "version.release_supported", by)
    record("version.release_supported", version, by=by, texts={"reason": reason}, manifest=version.manifest_digest)
    if first is not None:
        release(version, by=by, seconded_by=first, reason=reason)
    return version


@transaction.atomic
def condemn_version(version: ModelVersion, *, reason: str, by: User) -> ModelVersion:
    """Say that the bytes are dangerous indeed; with the second person of security the version is rejected."""
    require_security(by, "reject a quarantined version")
    version, reason = _quarantined(version, reason, by)
    first = _first(version, "version.condemnation_supported", by)
    record("version.condemnation_supported", version, by=by, texts={"reason": reason}, manifest=version.manifest_digest)
    if first is not None:
        move_version(version, VersionState.REJECTED, verb="version.rejected", by=by, note=reason, texts={"reason": reason})
    return version


def _quarantined(version: ModelVersion, reason: str, by: User) -> tuple[ModelVersion, str]:
    reason, version = said_why(reason), lock_version(version.pk)
    if version.state != VersionState.QUARANTINED:
        raise Conflict(f"{version} is {words(version.state)}, not quarantined.", hint="Reload to see where it stands.")
    require_outsider(by, version)
    return version, reason


def _first(version: ModelVersion, verb: str, by: User) -> User | None:
    """Return who agreed before, since it was quarantined; None when nobody did. The same person does not count twice."""
    earlier = supporters(version, verb, since="version.quarantined")
    if person_id(by) in earlier:
        raise Conflict(f"You already agreed to this for {version}.", hint="One more person of security has to agree.")
    known = people_by_pseudonym({person for person in earlier if person})
    return next((known[person] for person in earlier if person in known), None)
