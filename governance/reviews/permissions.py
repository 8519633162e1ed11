"""The four-eyes rule, who may see a review, and who may stop a version."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, IntegerField, Q, Value
from django.utils import timezone

from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.permissions import may_publish_for
from catalog.registry.service_accounts import programs_behind_which, who_acts_through
from catalog.registry.states import MOVES, VersionState
from governance.reviews.models import Review, ReviewTrack
from marketplace.accounts.models import Kind, User
from marketplace.accounts.queries import people_by_pseudonym, reviewers_of
from marketplace.activity.models import Event
from marketplace.activity.queries import details_of
from marketplace.errors import NotAllowed
from marketplace.permissions.needs import Need, OrgRole, TeamRole
from marketplace.permissions.queries import allowed, has_role, roles_of, tracks_of

CARD_AUTHOR = "model__card_revisions__author"
# Where the rows name people who worked on a version, and what they did.
WAYS = (
    ("submitted_by", "submitted this version"),
    ("created_by", "made this version"),
    ("files__added_by", "added files to this version"),
    ("uploads__created_by", "sent files for this version"),
    (CARD_AUTHOR, "wrote the card"),
    ("model__accountable", "is accountable for the model"),
    ("model__created_by", "registered the model"),
    ("model__team__memberships__user", "belongs to the owner team {team}"),
)
# What the record remembers of work on a version, also when its rows are gone.
WORK = {
    "version.added": "made this version",
    "version.changed": "changed this version",
    "version.submitted": "submitted this version",
    "file.added": "added files to this version",
    "file.removed": "removed files from this version",
    "upload.started": "sent files for this version",
}
WAS_MEMBER = "was in the owner team {team} since this version was made"
WAS_ACCOUNTABLE = "was accountable for the model since this version was made"
# What counts for whoever acts through the program that did it; its place in a team counts for nobody.
DEEDS = frozenset([words for _, words in WAYS[:-1]]) | frozenset(WORK.values())
Stored = tuple[int, int, int, int, UUID, str]
Remembered = tuple[tuple[str, str], datetime, int, str]
PROGRAM = 0  # stands for any program through which the person acts whom it is about
READERS = (OrgRole.AUDITOR, OrgRole.GOVERNANCE, OrgRole.SECURITY)


def reads_the_queue(viewer: Any) -> bool:
    """Reviewers of any track, auditors, governance and security; being administrator or superuser is none of these."""
    return bool(tracks_of(viewer)) or any(has_role(viewer, role) for role in READERS)


def whose_reviews(viewer: Any) -> Q:
    """The condition for reviews that somebody may read, besides seeing the model: the submitting team always may."""
    return Q() if reads_the_queue(viewer) else Q(version__model__team__in=list(roles_of(viewer)))


def reads_findings(viewer: Any, review: Review) -> bool:
    """Whoever reads reviews by office, and whoever works with the model: not every member of its team."""
    return reads_the_queue(viewer) or allowed(viewer, Need.WORK, review.version.model)


def involved(review: Review) -> dict[int, str]:
    """Everybody who never decides on this review, with what they did; the first reason counts."""
    return involved_in([review])[review.pk]


def involved_in(reviews: Sequence[Review], *, person: User | None = None) -> dict[int, dict[int, str]]:
    """The same for several reviews at once, or only as far as it concerns one person; leaving the team takes nothing back."""
    stored = _stored(reviews, person)
    remembered = _remembered(reviews, person, {row[4]: row[1] for row in stored})
    reasons = {review.pk: _reasons(review, stored, remembered) for review in reviews}
    did = {who for each in reasons.values() for who, reason in each if reason in DEEDS}
    if person is None:
        programs = did - {row[1] for row in stored if row[5] == Kind.PERSON}
        behind = who_acts_through(programs) if programs else {}
    else:
        behind = {program: {person.pk} for program in did - {person.pk}}
    found: dict[int, dict[int, str]] = {}
    for review in reviews:
        each, team = reasons[review.pk], review.version.model.team.name
        each += [(who, f"acts through a service account that {deed}") for program, deed in each if deed in DEEDS for who in behind.get(program, ())]
        found[review.pk] = {who: reason.format(team=team) for who, reason in reversed(each) if person is None or who == person.pk}
    return found


def _reasons(review: Review, stored: Sequence[Stored], remembered: Sequence[Remembered]) -> list[tuple[int, str]]:
    """Everybody who was involved in one review, with every reason, what the rows say first."""
    version, about = review.version, {("team", str(review.version.model.team_id)), ("registeredmodel", str(review.version.model_id))}
    of_rows = [(who, WAYS[place][1]) for pk, who, place, revision, _, _ in stored if pk == version.pk and revision <= review.card_revision]
    return of_rows + [
        (who, reason)
        for subject, at, who, reason in remembered
        if subject == ("modelversion", str(version.pk)) or (subject in about and at >= version.created_at)
    ]


def _stored(reviews: Sequence[Review], person: User | None) -> list[Stored]:
    """Version, person, place in WAYS, card revision (0 for anything else), pseudonym and kind of everybody whom the rows name, first reasons first.

    About one person: they and the programs through which they act.
    """
    versions = ModelVersion.objects.filter(pk__in={review.version.pk for review in reviews}).order_by()
    whose = Q(who__isnull=False) if person is None else Q(who=person.pk) | Q(who__in=programs_behind_which(person).order_by().values("pk"))
    parts = []
    for place, (path, _) in enumerate(WAYS):
        revision = F("model__card_revisions__number") if path == CARD_AUTHOR else Value(0, IntegerField())
        rows = versions.annotate(who=F(path), place=Value(place, IntegerField()), revision=revision)
        rows = rows.annotate(pseudonym=F(f"{path}__person"), kind=F(f"{path}__kind")).filter(whose)
        parts.append(rows.values_list("pk", "who", "place", "revision", "pseudonym", "kind"))
    return sorted(parts[0].union(*parts[1:]), key=lambda row: row[2])


def _remembered(reviews: Sequence[Review], person: User | None, known: dict[UUID, int]) -> list[Remembered]:
    """Subject, time, person and reason of those who once worked on the versions, were in their teams or answered for the models, by the record."""
    worked = Q(subject_type="modelversion", subject_id__in={str(review.version.pk) for review in reviews}, verb__in=list(WORK))
    since = min((review.version.created_at for review in reviews), default=timezone.now())
    teams = {str(review.version.model.team_id) for review in reviews}
    joined = Q(subject_type="team", subject_id__in=teams, verb__in=["team.member_added", "team.member_removed"], at__gte=since)
    models = {str(review.version.model_id) for review in reviews}
    answered = Q(subject_type="registeredmodel", subject_id__in=models, verb="model.changed", at__gte=since, body__contains='"accountable"')
    others = joined | answered
    if person is not None:
        worked &= Q(actor=person.person) | Q(actor__in=programs_behind_which(person).order_by().values("person"))
        others &= Q(body__contains=str(person.person))
    told = [((event.subject_type, event.subject_id), event.at, *_whom(event)) for event in Event.objects.filter(worked | others).order_by("pk")]
    if person is not None:
        people = {who: PROGRAM for _, _, who, reason in told if who is not None and reason in DEEDS} | {person.person: person.pk}
    else:
        people = _people({who for _, _, who, _ in told if who is not None}, known)
    return [(subject, at, people[who], reason) for subject, at, who, reason in told if who in people]


def _whom(event: Event) -> tuple[UUID | None, str]:
    """Whom an event bars, and why."""
    if event.verb in WORK:
        return event.actor, WORK[event.verb]
    details = details_of(event)["details"]
    if event.verb == "model.changed":
        before = details.get("before", {}).get("accountable")
        return UUID(before) if before else None, WAS_ACCOUNTABLE
    return UUID(details["person"]), WAS_MEMBER


def _people(pseudonyms: set[UUID], known: dict[UUID, int]) -> dict[UUID, int]:
    """The people behind the pseudonyms, asking only for those that are not known already."""
    unknown = {str(who) for who in pseudonyms - known.keys()}
    return known | {user.person: user.pk for user in (people_by_pseudonym(unknown) if unknown else {}).values()}


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


def may_withdraw(by: Any, version: ModelVersion) -> bool:
    """Its submitter, also one who left the team, and contributors and owners of the team."""
    return version.submitted_by_id == by.pk or may_publish_for(by, version.model.team)


def require_waiver_giver(by: User, review: Review) -> None:
    """Refuse whoever may not waive what a policy asks: only governance may, and by the same four-eyes rule as those who decide."""
    if not by.is_person or not has_role(by, OrgRole.GOVERNANCE):
        raise NotAllowed("Only governance gives and ends waivers.", hint="Ask somebody of governance, with the number of the review.")
    if reason := involved(review).get(by.pk):
        raise NotAllowed(f"Four-eyes rule: {by} {reason}.", hint="Somebody else of governance decides about the waiver.", code="four-eyes")


def require_submitter(by: User, version: ModelVersion) -> None:
    """Refuse whoever cannot take the version back."""
    if not may_withdraw(by, version):
        raise NotAllowed(f"Only team {version.model.team.name} may withdraw {version}.", hint=f"Ask an owner of team {version.model.team.name}.")


def require_security(by: User, to: str) -> None:
    """Refuse whoever does not hold the security role; service accounts never act here."""
    if not by.is_person or not has_role(by, OrgRole.SECURITY):
        raise NotAllowed(f"Only security may {to}.", hint="Tell security what you saw, with the name of the model and version.")


def worked_on(by: Any, version: ModelVersion) -> bool:
    """Whether somebody made or submitted a version, or belongs to its team."""
    return by.pk in {version.submitted_by_id, version.created_by_id} or version.model.team_id in roles_of(by)


def require_outsider(by: User, version: ModelVersion) -> None:
    """Refuse whoever would decide on their own work."""
    if worked_on(by, version):
        raise NotAllowed(f"Four-eyes rule: {by} worked on {version}.", hint="Others of security decide.", code="four-eyes")


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


STEPS = ("suspend", "reinstate", "quarantine", "release", "condemn", "deprecate", "retire", "withdraw")


def steps_for(viewer: Any, version: ModelVersion) -> list[str]:
    """The steps somebody may take on a version as it stands now."""
    owner, state = roles_of(viewer).get(version.model.team_id) == TeamRole.OWNER, version.state
    security, governance = has_role(viewer, OrgRole.SECURITY), has_role(viewer, OrgRole.GOVERNANCE)
    goes = MOVES.get(state, frozenset())
    may = {
        "suspend": security and VersionState.SUSPENDED in goes,
        "reinstate": security and state == VersionState.SUSPENDED and version.suspended_by_id != viewer.pk,
        "quarantine": security and VersionState.QUARANTINED in goes,
        "release": security and state == VersionState.QUARANTINED and bool(version.manifest_digest) and not worked_on(viewer, version),
        "condemn": security and state == VersionState.QUARANTINED and not worked_on(viewer, version),
        "deprecate": owner and VersionState.DEPRECATED in goes,
        "retire": (owner or governance) and state == VersionState.DEPRECATED,
        "withdraw": may_withdraw(viewer, version) and VersionState.WITHDRAWN in goes,
    }
    return [step for step in STEPS if may[step] and viewer.is_person]
