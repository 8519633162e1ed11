"""The life of a version, and what becomes of a model."""

from django.db.models import TextChoices


class VersionState(TextChoices):
    """Where a version stands."""

    DRAFT = "draft", "Draft"
    VALIDATING = "validating", "Checking"
    VALIDATION_FAILED = "validation_failed", "Checks failed"
    IN_REVIEW = "in_review", "In review"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    QUARANTINED = "quarantined", "Quarantined"
    SUSPENDED = "suspended", "Suspended"
    EXPIRED = "expired", "Approval ended"
    DEPRECATED = "deprecated", "Deprecated"
    RETIRED = "retired", "Retired"
    PURGED = "purged", "Bytes removed"


S = VersionState
# Who makes each move, with its guards and effects: governance.md (b) of the design, and docs/reference/states.md.
MOVES: dict[str, frozenset[str]] = {
    S.DRAFT: frozenset({S.VALIDATING, S.WITHDRAWN, S.QUARANTINED}),
    S.VALIDATING: frozenset({S.VALIDATION_FAILED, S.QUARANTINED, S.IN_REVIEW, S.APPROVED}),
    S.VALIDATION_FAILED: frozenset({S.VALIDATING, S.WITHDRAWN, S.QUARANTINED}),
    S.IN_REVIEW: frozenset({S.CHANGES_REQUESTED, S.REJECTED, S.APPROVED, S.WITHDRAWN, S.QUARANTINED}),
    S.CHANGES_REQUESTED: frozenset({S.VALIDATING, S.WITHDRAWN, S.QUARANTINED}),
    S.APPROVED: frozenset({S.SUSPENDED, S.EXPIRED, S.IN_REVIEW, S.VALIDATING, S.DEPRECATED, S.QUARANTINED}),
    S.SUSPENDED: frozenset({S.APPROVED, S.QUARANTINED, S.RETIRED}),
    S.EXPIRED: frozenset({S.IN_REVIEW, S.VALIDATING, S.DEPRECATED, S.QUARANTINED}),
    S.DEPRECATED: frozenset({S.APPROVED, S.RETIRED, S.SUSPENDED, S.QUARANTINED}),
    S.QUARANTINED: frozenset({S.VALIDATING, S.REJECTED}),
    S.REJECTED: frozenset({S.DRAFT, S.PURGED}),
    S.RETIRED: frozenset({S.PURGED}),
}
# A submit is possible from here; files are frozen in all but the draft.
MAY_SUBMIT = frozenset({S.DRAFT, S.VALIDATION_FAILED, S.CHANGES_REQUESTED, S.EXPIRED})
# No byte leaves for use in these, whatever was approved.
NEVER_SERVED = frozenset({S.SUSPENDED, S.QUARANTINED, S.RETIRED, S.PURGED})
FINAL = frozenset({S.PURGED, S.WITHDRAWN})


class ModelState(TextChoices):
    """What a model is, derived from its versions and decisions about the whole."""

    LISTED = "listed", "Known, not brought in"
    DRAFT = "draft", "Nothing approved yet"
    ACTIVE = "active", "Active"
    BLOCKED = "blocked", "Blocked"
    ARCHIVED = "archived", "Archived"


class Origin(TextChoices):
    """Where a model comes from."""

    INTERNAL = "internal", "Built here"
    VENDOR = "vendor", "Vendor"
    OPEN = "open", "Open source"


class ModelKind(TextChoices):
    """Whether we hold bytes or describe somebody's service."""

    FILES = "files", "Files"
    HOSTED = "hosted", "Hosted by a vendor"


class Tier(TextChoices):
    """The risk tier."""

    T1 = "T1", "T1 critical"
    T2 = "T2", "T2 elevated"
    T3 = "T3", "T3 standard"
    T4 = "T4", "T4 sandbox"


class DataClass(TextChoices):
    """What kind of data a use touches, from harmless to grave."""

    PUBLIC = "public", "Public"
    INTERNAL = "internal", "Internal"
    CONFIDENTIAL = "confidential", "Confidential"
    PERSONAL = "personal", "Personal data"
    SPECIAL = "special", "Special category or secret"


class Environment(TextChoices):
    """Where a use runs, from trying out to the real thing."""

    DEV = "dev", "Development"
    TEST = "test", "Test"
    PRODUCTION = "production", "Production"
