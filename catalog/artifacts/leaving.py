"""What people leave in the store: uploads under way."""

from typing import Any

from catalog.artifacts.models import Upload
from catalog.artifacts.queries import uploads_by
from catalog.registry.leaving import parted, seen_through
from marketplace.accounts.leaving import Duty, DutyKind, Found, offer
from marketplace.accounts.models import Team, User


def uploads(person: User, viewer: Any, team: Team | None) -> Found:
    """The uploads that the person began."""
    return parted(uploads_by(person, team), seen_through(Upload, viewer, "version__model"), _upload)


def _upload(row: Upload) -> Duty:
    return Duty(row.path, f"/m/{row.version.model}/v/{row.version.version}", f"into {row.version}")


def connect() -> None:
    """Offer the kind of this room."""
    after = "Contributors of the team can finish or cancel them; what nobody touches is removed by itself."
    offer(DutyKind("uploads", "Uploads under way", 45, after, uploads))
