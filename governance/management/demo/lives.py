"""What becomes of thought-up models, row by row in bulk: drafts, submitted versions, checks, reviews, approvals, grants."""

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.contrib.auth.models import Permission
from django.utils import timezone

from catalog.artifacts.manifest import manifest_digest
from catalog.artifacts.models import ModelFile
from catalog.artifacts.readers.types import shorten
from catalog.cards.models import CardRevision
from catalog.registry.models import PROJECTED_RIGHTS, AccessGrant, Approval, ModelGroupPermission, ModelVersion, RegisteredModel, UseCase
from catalog.registry.states import ModelState, VersionState
from governance.management.demo.artifacts import Files
from governance.management.demo.cards import basic, complete, story_of
from governance.management.demo.checking import Candidate, Checked
from governance.management.demo.ideas import SEED, Idea
from governance.management.demo.people import People, all_teams
from governance.management.demo.remember import Memory
from governance.management.demo.stories import ANSWERS, Teller
from governance.policies.queries import live_policy
from governance.policies.rules import Policy, TrackNeed, tier_of
from governance.reviews.clock import add_working_days
from governance.reviews.models import LONGEST_WAIVER, Decision, Review, ReviewTrack, Waiver
from governance.reviews.notices import tell_reviewers
from governance.reviews.states import Choice, ReviewState, TrackState
from governance.validation.checks.base import worst_of
from governance.validation.checks.pickles import MATTER
from governance.validation.models import CheckResult, Finding, ValidationRun
from governance.validation.ruleset import Rules, severity_of
from governance.validation.states import RunState, Verdict
from governance.validation.work import named_rules, plain, rows_of
from marketplace.accounts.models import Team, User

DRAFT_UNTIL, REVIEW_UNTIL = 22, 30  # of a hundred: drafts, then those in review, the others are approved
SANDBOX_UNTIL, STANDARD_UNTIL = 12, 90  # of a hundred: T4, then T3, the others T2
REVIEWERS = {"technical": ("tess", "timo"), "security": ("ada", "sven", "sara")}
REASONS = (
    "Tried thirty cases of our own; the limits on the card are the ones I met.",
    "The figures can be repeated with the script that comes with it.",
    "Clear card, small model, a person sees each answer. No objection.",
    "Asked the owner team about the last limit; their answer is convincing.",
)
WAIVER_REASON = "The library saves nothing else yet; its next version writes ONNX, and security read what the pickle imports."
CHANGELOGS = ("First version.", "Retrained with the last quarter.", "Smaller network, same results.", "Reads longer texts.")
SUBMITTED = [
    "state", "manifest_digest", "bytes", "answers", "tier", "tier_because", "policy", "card_revision", "use_case", "environment", "data_class",
    "submitted_by", "submitted_at",
]  # fmt: skip
USES = {"Finance": "Closing the books", "Legal": "Reading agreements", "Sales": "Offers and orders", "Claims": "Claims handling"}


class Life:
    """One thought-up model and what becomes of it; the same number always lives the same life."""

    def __init__(self, one: Idea, people: People, files: Files, today: date) -> None:
        draw = random.Random(f"life:{SEED}:{one.number}")  # noqa: S311 - a made-up life, no secret
        fate, risk = draw.randrange(100), draw.randrange(100)
        self.idea = one
        self.is_submitted, self.is_approved = fate >= DRAFT_UNTIL, fate >= REVIEW_UNTIL
        self.tier = "T4" if risk < SANDBOX_UNTIL else "T3" if risk < STANDARD_UNTIL else "T2"
        if self.is_submitted and not self.is_approved and self.tier == "T4":
            self.tier = "T3"  # the policy asks nobody about a sandbox, so none of them waits for a review
        self.values = basic(story_of(one), today=today) | (complete(story_of(one), today=today) if self.tier == "T2" else {})
        self.by = people.maker_in(one.team, one.number)
        age = draw.randrange(12, 75) if self.tier == "T4" else draw.randrange(20, 350)
        age = age if self.is_approved else draw.randrange(1, 12)
        self.is_waived = self.is_approved and self.tier == "T2" and one.kind == "pickle"
        age = 15 + age % 60 if self.is_waived else age  # a waiver lasts ninety days, and so does what rests on it
        self.made = timezone.now() - timedelta(days=age, minutes=draw.randrange(600))
        self.decided = self.made + timedelta(days=draw.randrange(1, 6), minutes=draw.randrange(400))
        self.files = [(path, len(content), hashlib.sha256(content).hexdigest()) for path, content in files]
        self.number, self.changelog = draw.choice(["1.0.0", "1.1.0", "1.4.2", "2.0.0", "2.3.0", "0.9.0"]), draw.choice(CHANGELOGS)
        self.turn = draw.randrange(100)
        others = sorted(set(all_teams()) - {one.team, "secret-lab"})
        self.consumers = draw.sample(others, draw.choice([0, 0, 1, 1, 2, 3])) if self.is_approved and self.tier != "T4" else []
        self.model: RegisteredModel
        self.version: ModelVersion
        self.card: CardRevision
        self.run: ValidationRun
        self.review: Review
        self.approval: Approval
        self.warned: list[str] = []  # the checks that a reviewer had to acknowledge

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for _, size, _ in self.files)


Ask = Callable[[Sequence[Candidate], Policy], list[Checked]]


class Lives:
    """Writes the rows of a batch, step by step, with an event for each."""

    def __init__(self, people: People) -> None:
        self.people, self.memory, self.tell, self.today = people, Memory(), Teller(people), timezone.localdate()
        self.row, self.policy = live_policy()
        self.use_cases: dict[str, UseCase] = {}
        self.waiting: set[str] = set()

    def use_case_of(self, life: Life) -> UseCase:
        """Return the use case that the models of a team and its area are for."""
        team, unit = life.idea.team, life.idea.area["unit"]
        name = USES.get(unit, f"{unit} desk")
        if team not in self.use_cases:
            self.use_cases[team] = self.tell.use_case(name, team=team, by=self.people.owner_of(team).username)
        return self.use_cases[team]

    def draft(self, lives: Sequence[Life]) -> None:
        """Register models with card, draft version and files."""
        models = RegisteredModel.objects.bulk_create([_model(life, self.people.teams[life.idea.team]) for life in lives])
        for life, model in zip(lives, models, strict=True):
            life.model = model
            self.memory.note("model.registered", model, by=life.by, kind="files", origin="internal", visibility=model.visibility)
        cards = CardRevision.objects.bulk_create(_card(life) for life in lives)
        versions = ModelVersion.objects.bulk_create(
            ModelVersion(model=life.model, version=life.number, changelog=life.changelog, created_by=life.by, created_at=life.made) for life in lives
        )
        for life, card, version in zip(lives, cards, versions, strict=True):
            life.card, life.version = card, version
            self.memory.note("card.saved", life.model, by=life.by, revision=1, changed=[*sorted(card.values), "text"])
            self.memory.note("version.added", version, by=life.by)
            for path, size, sha256 in life.files:
                self.memory.note("file.added", version, by=life.by, path=path, size=size, sha256=sha256, replaced="")
        ModelFile.objects.bulk_create(
            ModelFile(version=life.version, path=path, blob_id=sha256, added_by=life.by, added_at=life.made)
            for life in lives
            for path, _, sha256 in life.files
        )

    def submit(self, lives: Sequence[Life]) -> None:
        """Answer the questions, pin files, card, tier and policy, and ask for the checks."""
        for life in lives:
            version, answers = life.version, ANSWERS[life.tier]
            found = tier_of(answers, {"executes_code": life.idea.kind == "pickle", "origin": "internal"}, self.policy)
            version.use_case, version.answers = self.use_case_of(life), answers
            version.environment, version.data_class = ("test", "public") if life.tier == "T4" else ("production", "internal")
            version.tier, version.tier_because, version.policy, version.card_revision = found.tier, found.because, str(self.row), 1
            version.manifest_digest = manifest_digest({"path": path, "size": size, "sha256": sha256} for path, size, sha256 in life.files)
            version.bytes, version.submitted_by, version.submitted_at = life.size, life.by, life.made + timedelta(hours=2)
            version.state = VersionState.VALIDATING
            self.memory.note("version.changed", version, by=life.by, use_case=version.use_case, answers=answers)
            self.memory.note(
                "version.submitted", version, by=life.by, manifest=version.manifest_digest, card_revision=1, tier=version.tier, policy=version.policy
            )

    def check(self, lives: Sequence[Life], ask: Ask) -> None:
        """Run every check, and keep what it said."""
        if not lives:
            return
        answers = ask([Candidate(life.version, life.card, life.files) for life in lives], self.policy)
        rules = named_rules()
        runs = ValidationRun.objects.bulk_create(_run(life, checked, rules) for life, checked in zip(lives, answers, strict=True))
        for life, run, checked in zip(lives, runs, answers, strict=True):
            life.run, pairs = run, zip(rules.checks, checked.answers, strict=True)
            life.warned = [check.id for check, answer in pairs if answer.verdict == Verdict.WARN]
            if run.outcome not in {Verdict.PASS, Verdict.WARN}:
                raise RuntimeError(f"A thought-up model did not pass its checks: {life.version}: {[a.sentence for a in checked.answers]}")
            self.memory.note("run.requested", run, by=life.by, version=life.version, manifest=run.manifest_digest, card_revision=1)
            self.memory.note("run.finished", run, by=None, version=life.version, outcome=run.outcome, quarantines=False, manifest=run.manifest_digest)
            for path, reading in checked.readings.items():
                ModelFile.objects.filter(version=life.version, path=path).update(format=reading.format[:20], facts=plain(reading.facts))
        _keep_results(runs, answers, rules)

    def review(self, lives: Sequence[Life]) -> None:
        """Open reviews where the policy asks somebody, with the votes that were given."""
        asked = [life for life in lives if self.policy.requires(life.version.tier).tracks]  # type: ignore[arg-type]
        reviews = Review.objects.bulk_create(self._review(life) for life in asked)
        tracks, votes = [], []
        for life, review in zip(asked, reviews, strict=True):
            life.review = review
            needs = self._tracks(life)
            names = [need.key for need in needs]
            life.model.open_to = [] if life.is_approved else sorted(f"track:{name}" for name in names)
            self.memory.note("version.review_opened", life.version, by=None, before="validating", after="in_review", manifest=review.manifest_digest)
            self.memory.note("review.opened", review, by=None, version=life.version, tracks=dict.fromkeys(names, 1), policy=review.policy)
            state = TrackState.APPROVED if life.is_approved else TrackState.WAITING
            tracks += [ReviewTrack(review=review, track=need.key, quorum=need.quorum, state=state) for need in needs]
            votes += [self._vote(life, need.key, place) for place, need in enumerate(needs) if life.is_approved]
            life.version.state = VersionState.IN_REVIEW
            if not life.is_approved:
                self.waiting.add(str(review.pk))
        ReviewTrack.objects.bulk_create(tracks)
        Decision.objects.bulk_create(votes)

    def approve(self, lives: Sequence[Life]) -> None:
        """Approve, and let the owner team and some others use it."""
        Waiver.objects.bulk_create([self._waiver(life) for life in lives if life.is_waived])
        approvals = Approval.objects.bulk_create([self._approval(life) for life in lives])
        grants = []
        for life, approval in zip(lives, approvals, strict=True):
            life.approval = approval
            if life.version.state == VersionState.IN_REVIEW:
                self.memory.note("review.closed", life.review, by=None, outcome=ReviewState.APPROVED, version=life.version)
            life.version.state, life.model.state = VersionState.APPROVED, ModelState.ACTIVE
            self.memory.note("version.approved", life.version, by=None, after="approved", manifest=approval.manifest_digest)
            self.memory.note(
                "approval.given", life.version, by=None, use_case=approval.use_case, environment=approval.environment,
                data_class=approval.data_class, until=approval.valid_until, manifest=approval.manifest_digest, run=approval.checks_run,
            )  # fmt: skip
            grants += [self._grant(life, self.people.teams[name]) for name in (life.idea.team, *life.consumers)]
        AccessGrant.objects.bulk_create(grants)
        project(grants)

    def settle(self, lives: Sequence[Life]) -> None:
        """Bring versions and models to where they stand now, write the events, and call for the decisions that are still open."""
        ModelVersion.objects.bulk_update([life.version for life in lives if life.is_submitted], SUBMITTED)
        RegisteredModel.objects.bulk_update([life.model for life in lives], ["state", "open_to"])
        for event in self.memory.write():
            if event.verb == "review.opened" and event.subject_id in self.waiting:
                tell_reviewers(event)

    def _tracks(self, life: Life) -> Sequence[TrackNeed]:
        return self.policy.requires(life.version.tier).tracks  # type: ignore[arg-type]

    def _review(self, life: Life) -> Review:
        days = self.policy.requires(life.version.tier).decision_days  # type: ignore[arg-type]
        opened = life.made + timedelta(hours=2, minutes=5)
        return Review(
            version=life.version, tier=life.version.tier, policy=life.version.policy, manifest_digest=life.version.manifest_digest, card_revision=1,
            run=life.run, opened_at=opened, due_at=add_working_days(opened, days), closed_at=life.decided if life.is_approved else None,
            state=ReviewState.APPROVED if life.is_approved else ReviewState.OPEN,
        )  # fmt: skip

    def _vote(self, life: Life, track: str, place: int) -> Decision:
        names = REVIEWERS[track]
        by: User = self.people[names[(life.turn + place) % len(names)]]
        self.memory.note("review.decided", life.review, by=by, version=life.version, track=track, choice=Choice.APPROVE, run=life.run.pk)
        return Decision(
            review=life.review, track=track, by=by, choice=Choice.APPROVE, reason=REASONS[(life.turn + place) % len(REASONS)],
            acknowledged=life.run.outcome == Verdict.WARN, acknowledged_checks=life.warned,
            manifest_digest=life.version.manifest_digest, card_revision=1, checks_run=life.run.pk,
            created_at=life.decided - timedelta(minutes=30 * (2 - place)),
        )  # fmt: skip

    def _waiver(self, life: Life) -> Waiver:
        """Governance let this pickle be approved, before anybody voted."""
        by, at = self.people["gus"], life.decided - timedelta(hours=2)
        self.memory.note("waiver.given", life.version, by=by, matter=MATTER, until=at + LONGEST_WAIVER, review=life.review)
        return Waiver(version=life.version, matter=MATTER, reason=WAIVER_REASON, given_by=by, given_at=at, until=at + LONGEST_WAIVER)

    def _approval(self, life: Life) -> Approval:
        needed, version = self.policy.requires(life.version.tier), life.version  # type: ignore[arg-type]
        until: datetime = life.decided + timedelta(days=needed.valid_days)
        until = min(until, life.decided - timedelta(hours=2) + LONGEST_WAIVER) if life.is_waived else until
        return Approval(
            version=version, use_case=version.use_case, environment=version.environment, data_class=version.data_class, valid_from=life.decided,
            valid_until=until, stop_at=until + timedelta(days=needed.stop_grace_days), manifest_digest=version.manifest_digest, card_revision=1,
            checks_run=life.run.pk, policy=version.policy, created_at=life.decided,
            review=life.review.pk if version.state == VersionState.IN_REVIEW else None,
        )  # fmt: skip

    def _grant(self, life: Life, team: Team) -> AccessGrant:
        approval, own = life.approval, team == life.model.team
        by = None if own else self.people.owner_of(life.idea.team)
        self.memory.note("grant.given", life.model, by=by, to=team, use_case=approval.use_case, until=approval.valid_until)
        return AccessGrant(
            thing=life.model, team=team, use_case=approval.use_case, environment=approval.environment, data_class=approval.data_class,
            until=approval.valid_until, granted_by=by,
        )  # fmt: skip


def _model(life: Life, team: Team) -> RegisteredModel:
    one = life.idea
    return RegisteredModel(
        team=team, name=one.name, summary=one.summary, task=one.trade["task"], library=str(life.values["technical.library"]),
        framework=str(life.values["technical.library"]), license=one.license, modality=one.trade["modality"], tags=list(one.tags),
        tier=life.tier if life.is_submitted else "", accountable=life.by, created_by=life.by, created_at=life.made, updated_at=life.decided,
    )  # fmt: skip


def _card(life: Life) -> CardRevision:
    """The text is rendered when somebody first looks at it, as after an import."""
    values: Mapping[str, object] = life.values
    return CardRevision(
        model=life.model, number=1, values=values, sources=dict.fromkeys(values, "human"), text=life.idea.text, is_rendered=False,
        summary="First card", author=life.by, created_at=life.made,
    )  # fmt: skip


def _run(life: Life, checked: Checked, rules: Rules) -> ValidationRun:
    at = life.made + timedelta(hours=2)
    return ValidationRun(
        version=life.version, state=RunState.FINISHED, outcome=worst_of(answer.verdict for answer in checked.answers), card_revision=1,
        manifest_digest=life.version.manifest_digest, requested_by=life.by, requested_at=at, started_at=at, finished_at=at + timedelta(seconds=4),
        attempts=1, fence=1, done=len(rules.checks), total=len(rules.checks), rule_set_id=rules.digest,
    )  # fmt: skip


def _keep_results(runs: Sequence[ValidationRun], answers: Sequence[Checked], rules: Rules) -> None:
    """Write what each check said, with its findings."""
    told = [
        (run, check, answer) for run, checked in zip(runs, answers, strict=True) for check, answer in zip(rules.checks, checked.answers, strict=True)
    ]
    results = CheckResult.objects.bulk_create(
        CheckResult(
            run=run, check_id=check.id, check_version=check.version, stage=check.stage, title=check.title, verdict=answer.verdict,
            sentence=shorten(answer.sentence, 400), evidence=plain(answer.evidence), milliseconds=1,
            severity=severity_of(check), quarantines=answer.quarantines, place=rules.checks.index(check),
        )
        for run, check, answer in told
    )  # fmt: skip
    Finding.objects.bulk_create(row for result, (_, _, answer) in zip(results, told, strict=True) for row in rows_of(result, answer.findings))


def project(grants: Sequence[AccessGrant]) -> None:
    """Write the rows that lists of rights are read from, for grants to teams that were written in bulk."""
    rights = dict(Permission.objects.filter(codename__in=PROJECTED_RIGHTS).values_list("codename", "pk"))
    ModelGroupPermission.objects.bulk_create(
        ModelGroupPermission(content_object=grant.thing, group_id=grant.team.group_id, permission_id=rights[right])
        for grant in grants
        if grant.team is not None
        for right in PROJECTED_RIGHTS
    )
