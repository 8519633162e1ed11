"""What people are told about reviews and versions: who, in which words, with which link."""

from dataclasses import dataclass

from django.utils.formats import date_format

from catalog.registry.models import Approval, ModelVersion
from governance.reviews.models import Review
from governance.reviews.queries import title_of
from marketplace.notifications.models import Level


@dataclass(frozen=True)
class Telling:
    """How one verb is told to those who own a version and to those who use it."""

    owners: str
    level: str
    urgent: bool = False
    users: str = ""


TELLINGS = {
    "version.approved": Telling("{version} was approved. {until}", Level.AFFECTS_YOU, urgent=True),
    "version.rejected": Telling("{version} was rejected: {note}", Level.AFFECTS_YOU, urgent=True),
    "version.changes_requested": Telling("{version} needs changes: {reason}", Level.NEEDS_YOU, urgent=True),
    "version.checks_failed": Telling("The checks of {version} failed. See what to fix.", Level.NEEDS_YOU),
    "version.suspended": Telling(
        "{version} was suspended: {note}", Level.AFFECTS_YOU, urgent=True, users="{version}, which you may use, was suspended: {note}"
    ),
    "version.reinstated": Telling(
        "{version} may be used again.", Level.AFFECTS_YOU, urgent=True, users="{version}, which you may use, may be used again."
    ),
    "version.quarantined": Telling(
        "{version} was quarantined: {note}",
        Level.AFFECTS_YOU,
        urgent=True,
        users="{version}, which you may use, was quarantined. Stop using what you downloaded and ask security.",
    ),
    "version.deprecated": Telling("{version} was deprecated. {note}", Level.AFFECTS_YOU, users="{version}, which you may use, ends. {note}"),
    "version.retired": Telling("{version} was retired.", Level.AFFECTS_YOU, users="{version}, which you may use, was retired."),
    "version.expired": Telling(
        "{version} is no longer approved. {note} Submit it again to go on using it.",
        Level.NEEDS_YOU,
        users="{version}, which you may use, is no longer approved. {note} Ask the owner team.",
    ),
}
# Told where the version itself does not move with it: it is deprecated or suspended, or has other approvals.
LOST_APPROVAL = Telling(
    "{version} lost an approval ({reason}).",
    Level.AFFECTS_YOU,
    urgent=True,
    users="{version}, which you may use, lost an approval ({reason}). Ask the owner team.",
)

# Whatever was asked of somebody about a version is answered by these too, although nobody is told.
ANSWERS = ("version.submitted", "version.checked_again", "version.released", "version.withdrawn")


def review_path(review: Review) -> str:
    """The page of a review."""
    return f"/reviews/{review.number}"


def about_version(version: ModelVersion) -> str:
    """The key under which news about a version is grouped."""
    return f"version:{version.pk}"


def about_approvals(version: ModelVersion) -> str:
    """The key under which news about lost approvals of a version is grouped: they answer nothing that was asked about it."""
    return f"approvals:{version.pk}"


def about_review(review: Review) -> str:
    """The key under which news about a review is grouped."""
    return f"review:{review.pk}"


def said(template: str, version: ModelVersion, *, note: str = "", reason: str = "", approval: Approval | None = None) -> str:
    """Fill in a sentence about a version: with what was said when it happened, not with what the version says by now."""
    until = f"It may be used until {date_format(approval.valid_until, 'j M Y')}." if approval else ""
    return template.format(version=version, note=note, reason=reason, until=until).strip()


def waits(review: Review, tracks: list[str]) -> str:
    """The sentence for those who can decide."""
    names = " and ".join(title_of(track) for track in tracks)
    due = f", due {date_format(review.due_at, 'j M')}" if review.due_at else ""
    return f"{review.version} waits for your decision: {names}{due}."


def stuck(review: Review, tracks: list[str]) -> str:
    """The sentence for governance when a review cannot come to an end."""
    names = " and ".join(title_of(track) for track in tracks)
    return f"Nobody can decide {names} of {review} ({review.version}): name another reviewer who was not involved."


def waiver_wanted(review: Review, matters: list[str]) -> str:
    """The sentence for governance when nobody can approve without a waiver."""
    names = " and ".join(matter.replace("_", " ") for matter in matters)
    return f"{review} ({review.version}) cannot be approved without a waiver for {names}: give it, or leave it."


def about_waiver(review: Review) -> str:
    """The key under which the call for a waiver is kept."""
    return f"waiver:{review.pk}"


def ends_soon(approval: Approval, days: int) -> str:
    """The sentence about an approval that is about to end."""
    when = "tomorrow" if days <= 1 else f"in {days} days"
    return f"The approval of {approval.version} for {approval.use_case} ends {when}, on {date_format(approval.valid_until, 'j M Y')}."


@dataclass(frozen=True)
class StepWords:
    """How one step on a version is told: the button, the question, what follows, and what was done."""

    verb: str
    tone: str
    follows: str
    done: str


STEP_WORDS = {
    "suspend": StepWords(
        "Suspend",
        "danger",
        "Nothing leaves for use from now on and its users are told. Two others of security lift it.",
        "{version} is suspended.",
    ),
    "reinstate": StepWords(
        "Lift the suspension", "primary", "It takes two people of security, not the one who suspended it.", "Your yes to {version} is stored."
    ),
    "quarantine": StepWords(
        "Quarantine", "danger", "Its bytes are locked away, every approval is void and an open review ends.", "{version} is quarantined."
    ),
    "release": StepWords(
        "Release from quarantine",
        "primary",
        "It takes two people of security. Then its checks run again; exactly what was found now becomes a warning that its reviewers acknowledge.",
        "Your yes to {version} is stored.",
    ),
    "condemn": StepWords(
        "Reject for good", "danger", "It takes two people of security. The version is rejected and its bytes stay locked.", "Your yes is stored."
    ),
    "deprecate": StepWords("Deprecate", "primary", "Everybody who may use it is told when it ends.", "{version} is deprecated."),
    "retire": StepWords(
        "Retire",
        "danger",
        "After its last day an owner and somebody of governance agree. Downloads end, the card stays.",
        "Your yes is stored.",
    ),
    "withdraw": StepWords("Withdraw", "danger", "It is not decided any more and cannot be submitted again.", "{version} is withdrawn."),
}
