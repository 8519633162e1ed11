"""How a state looks: its icon, its word and its tone; a state nobody described is never shown as good."""

import logging
from dataclasses import dataclass, replace

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """The face of a state: a lucide icon, a word in sentence case, a tone of the palette."""

    icon: str
    text: str
    tone: str


UNKNOWN = Look("circle-question-mark", "Unknown", "neutral")

LOOKS: dict[str, Look] = {
    # versions and models
    "draft": Look("pencil", "Draft", "neutral"),
    "validating": Look("loader", "Checking", "info"),
    "validation_failed": Look("circle-x", "Checks failed", "danger"),
    "in_review": Look("clock", "In review", "info"),
    "changes_requested": Look("message-square-warning", "Changes requested", "warning"),
    "approved": Look("shield-check", "Approved", "success"),
    "rejected": Look("circle-x", "Rejected", "danger"),
    "expired": Look("calendar", "Expired", "warning"),
    "suspended": Look("pause", "Suspended", "danger"),
    "quarantined": Look("biohazard", "Quarantined", "quarantine"),
    "deprecated": Look("calendar-x", "Deprecated", "neutral"),
    "retired": Look("archive", "Retired", "neutral"),
    "purged": Look("trash-2", "Purged", "neutral"),
    "withdrawn": Look("undo-2", "Withdrawn", "neutral"),
    "blocked": Look("ban", "Blocked", "danger"),
    "archived": Look("archive", "Archived", "neutral"),
    "active": Look("circle-check", "Active", "success"),
    # what this person may do
    "ready": Look("shield-check", "Ready to use", "success"),
    "needs_access": Look("key-round", "Needs access request", "info"),
    "not_approved": Look("circle-dashed", "Not approved yet", "neutral"),
    "listed": Look("list", "Known, not brought in", "neutral"),
    "stopped": Look("ban", "Not available", "danger"),
    # checks and findings
    "passed": Look("circle-check", "Passed", "success"),
    "pass": Look("circle-check", "Passed", "success"),
    "passed_with_warnings": Look("triangle-alert", "Passed with warnings", "warning"),
    "warn": Look("triangle-alert", "Warning", "warning"),
    "warning": Look("triangle-alert", "Warning", "warning"),
    "failed": Look("circle-x", "Failed", "danger"),
    "fail": Look("circle-x", "Failed", "danger"),
    "error": Look("circle-alert", "Could not run", "warning"),
    "could_not_run": Look("circle-alert", "Could not run", "warning"),
    "nothing": Look("circle-dashed", "Nothing to check", "neutral"),
    "na": Look("circle-slash", "Not applicable", "neutral"),
    "critical": Look("octagon-alert", "Critical", "danger"),
    "high": Look("circle-x", "High", "danger"),
    "medium": Look("triangle-alert", "Medium", "warning"),
    "low": Look("info", "Low", "info"),
    "info": Look("info", "Information", "neutral"),
    # work, requests and everything that waits
    "open": Look("circle-dashed", "Open", "info"),
    "waiting": Look("clock", "Waiting", "info"),
    "running": Look("loader", "Running", "info"),
    "done": Look("circle-check", "Done", "success"),
    "finished": Look("circle-check", "Finished", "success"),
    "cancelled": Look("circle-slash", "Cancelled", "neutral"),
    "overdue": Look("circle-alert", "Overdue", "danger"),
    "void": Look("circle-slash", "Void", "danger"),
}


def key_of(state: object) -> str:
    """Return the key under which a state, member of a choice or plain word, is looked up."""
    return str(getattr(state, "value", state) or "").strip().lower().replace("-", "_").replace(" ", "_")


def describe(state: str, *, icon: str, text: str, tone: str) -> None:
    """Teach the badges a state of a higher room; called from `apps.ready()`."""
    LOOKS[key_of(state)] = Look(icon, text, tone)


def look_of(state: object, text: str = "") -> Look:
    """Return how a state looks, with another word for it when the page has a better one."""
    look = LOOKS.get(key_of(state))
    if look is None:
        logger.error("No look for state %r; shown as unknown.", key_of(state))
        return UNKNOWN
    return replace(look, text=text) if text else look


TIERS = {"T1": "critical", "T2": "elevated", "T3": "standard", "T4": "sandbox"}
