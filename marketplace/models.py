"""The tables of the ground; each is written in the room it belongs to."""

from marketplace.accounts.models import (
    ApiToken,
    DirectoryGroup,
    DirectoryMembership,
    DirectoryPerson,
    Membership,
    OrganizationRole,
    Session,
    SpentAssertion,
    Team,
    TrustedPublisher,
    User,
)
from marketplace.activity.models import Delivery, Event, EventLink, EventText
from marketplace.api.models import IdempotentAnswer
from marketplace.notifications.models import Notice

__all__ = [
    "ApiToken",
    "Delivery",
    "DirectoryGroup",
    "DirectoryMembership",
    "DirectoryPerson",
    "Event",
    "EventLink",
    "EventText",
    "IdempotentAnswer",
    "Membership",
    "Notice",
    "OrganizationRole",
    "Session",
    "SpentAssertion",
    "Team",
    "TrustedPublisher",
    "User",
]
