"""The steps that people take on a version outside its review, by name."""

from datetime import date

from catalog.registry.models import ModelVersion
from governance.reviews.actions.quarantining import condemn_version, release_version
from governance.reviews.actions.standing import deprecate_version, quarantine_version, reinstate_version, retire_version, suspend_version
from governance.reviews.actions.talking import withdraw_version
from marketplace.accounts.models import User
from marketplace.errors import Invalid

WITH_A_REASON = {
    "suspend": suspend_version,
    "reinstate": reinstate_version,
    "quarantine": quarantine_version,
    "release": release_version,
    "condemn": condemn_version,
}


def take_step(
    step: str, version: ModelVersion, *, by: User, reason: str = "", sunset_at: date | None = None, successor: ModelVersion | None = None
) -> ModelVersion:
    """Take one named step on a version: the same for the page and for REST."""
    if step == "deprecate":
        if sunset_at is None:
            raise Invalid(f"{version} was not deprecated.", fields={"sunset_at": ["Name the last day."]})
        return deprecate_version(version, by=by, sunset_at=sunset_at, successor=successor, reason=reason)
    if step == "retire":
        return retire_version(version, by=by)
    if step == "withdraw":
        return withdraw_version(version, by=by)
    return WITH_A_REASON[step](version, reason=reason, by=by)
