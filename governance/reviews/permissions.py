"""The four-eyes rule, who may see a review, and who may stop a version."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from catalog.artifacts.models import ModelFile
from catalog.cards.models import CardRevision
from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.states import MOVES, VersionState
from governance.reviews.models import Review, ReviewTrack
from marketplace.accounts.models import Membership, User
from marketplace.accounts.queries import reviewers_of
from marketplace.errors import NotAllowed
from marketplace.permissions.needs import OrgRole, TeamRole
from marketplace.permissions.queries import has_role, roles_of, tracks_of

READERS = (OrgRole.AUDITOR, OrgRole.GOVERNANCE, OrgRole.SECURITY)


def reads_the_queue(viewer: Any) -> bool:
    """Reviewers of any track, auditors, governance and security; being administrator or superuser is none of these."""
    return bool(tracks_of(viewer)) or any(has_role(viewer, role) for role in READERS)


def whose_reviews(viewer: Any) -> Q:
    """The condition for reviews that somebody may read, besides seeing the model: the submitting team always may."""
    return Q() if reads_the_queue(viewer) else Q(version__model__team__in=list(roles_of(viewer)))


def involved(review: Review) -> dict[int, str]:
    """Everybody who never decides on this review, with what they did; the first reason counts."""
    version, model = review.version, review.version.model
    found: dict[int, str] = {}
    _note(found, [version.submitted_by_id], "submitted this version")
    _note(found, [version.created_by_id], "made this version")
    files = ModelFile.objects.filter(version=version).order_by().values_list("added_by", flat=True).distinct()
    _note(found, files, "added files to this version")
    authors = CardRevision.objects.filter(model=model, number__lte=review.card_revision).order_by().values_list("author", flat=True)
    _note(found, authors.distinct(), "wrote the card")
    _note(found, [model.accountable_id], "is accountable for the model")
    members = Membership.objects.filter(team=model.team_id).order_by().values_list("user", flat=True)
    _note(found, members, f"belongs to the owner team {model.team.name}")
    return found


def _note(found: dict[int, str], people: Iterable[int | None], reason: str) -> None:
    """Keep the first reason of each person."""
    for person in people:
        if person is not None:
            found.setdefault(person, reason)


def voters(review: Review) -> dict[int, str]:
    """Those who already count on this review, with the track they count for."""
    return dict(review.decisions.filter(is_current=True).values_list("by", "track"))


def require_decider(by: User, track: ReviewTrack) -> None:
    """Refuse whoever may not decide on this track; says which rule it is."""
    review = track.review
    if not by.is_person:
        raise NotAllowed("Four-eyes rule: a service account never decides.", hint="A person who reviews this track decides.", code="four-eyes")
    if reason := involved(review).get(by.pk):
        raise NotAllowed(
            f"Four-eyes rule: {by} {reason}, so somebody else decides.",
            hint=f"Ask another reviewer of the track {track.track}.",
            code="four-eyes",
        )
    if not reviewers_of(track.track).filter(pk=by.pk).exists():
        raise NotAllowed(
            f"Only reviewers of the track {track.track.replace('_', ' ')} decide on it; other roles give no vote.",
            hint="Ask governance for the role, or leave it to a reviewer of that track.",
        )
    counted = voters(review).get(by.pk, track.track)
    if counted != track.track:
        raise NotAllowed(
            f"Four-eyes rule: {by} already counts for the track {counted.replace('_', ' ')} of {review}; one person counts once.",
            hint="Somebody else decides on this track.",
            code="four-eyes",
        )


def require_submitter(by: User, version: ModelVersion) -> None:
    """Refuse whoever cannot take the version back: its submitter, or contributors and owners of the team."""
    role = roles_of(by).get(version.model.team_id)
    if version.submitted_by_id != by.pk and role not in {TeamRole.CONTRIBUTOR, TeamRole.OWNER}:
        raise NotAllowed(f"Only team {version.model.team.name} may withdraw {version}.", hint=f"Ask an owner of team {version.model.team.name}.")


def require_security(by: User, to: str) -> None:
    """Refuse whoever does not hold the security role; service accounts never act here."""
    if not by.is_person or not has_role(by, OrgRole.SECURITY):
        raise NotAllowed(f"Only security may {to}.", hint="Tell security what you saw, with the name of the model and version.")


def may_talk(by: User, review: Review) -> bool:
    """Reviewers, the submitting team, governance and security; auditors only read."""
    takes_part = review.version.model.team_id in roles_of(by) or bool(tracks_of(by))
    return by.is_person and (takes_part or has_role(by, OrgRole.GOVERNANCE) or has_role(by, OrgRole.SECURITY))


def require_talker(by: User, review: Review) -> None:
    """Refuse whoever only reads."""
    if not may_talk(by, review):
        raise NotAllowed("You read this review and change nothing in it.", hint="Ask a reviewer or the submitting team to write it.")


def require_retirer(by: User, model: RegisteredModel) -> str:
    """Say for which side somebody agrees to a retirement: `owner` or `governance`; refuse everybody else."""
    if by.is_person and roles_of(by).get(model.team_id) == TeamRole.OWNER:
        return "owner"
    if by.is_person and has_role(by, OrgRole.GOVERNANCE):
        return "governance"
    raise NotAllowed(
        f"Only an owner of team {model.team.name} together with governance may retire a version.", hint=f"Ask an owner of {model.team.name}."
    )


STEPS = ("suspend", "reinstate", "quarantine", "deprecate", "retire", "withdraw")


def steps_for(viewer: Any, version: ModelVersion) -> list[str]:
    """The steps somebody may take on a version as it stands now."""
    role, state = roles_of(viewer).get(version.model.team_id), version.state
    owner, editor = role == TeamRole.OWNER, role in {TeamRole.OWNER, TeamRole.CONTRIBUTOR}
    security, governance = has_role(viewer, OrgRole.SECURITY), has_role(viewer, OrgRole.GOVERNANCE)
    goes = MOVES.get(state, frozenset())
    may = {
        "suspend": security and VersionState.SUSPENDED in goes,
        "reinstate": security and state == VersionState.SUSPENDED and version.suspended_by_id != viewer.pk,
        "quarantine": security and VersionState.QUARANTINED in goes,
        "deprecate": owner and VersionState.DEPRECATED in goes,
        "retire": (owner or governance) and state == VersionState.DEPRECATED,
        "withdraw": editor and VersionState.WITHDRAWN in goes,
    }
    return [step for step in STEPS if may[step] and viewer.is_person]
