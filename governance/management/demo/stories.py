"""The steps of a model's life as people take them, for the named models of the demo world: everything here goes through actions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

from django.utils import timezone

from catalog.artifacts.actions import add_file
from catalog.cards.actions import save_card
from catalog.registry.actions import add_version, change_version, create_use_case, give_grant, register_model
from catalog.registry.models import AccessGrant, ModelVersion, RegisteredModel, UseCase
from governance.management.demo.artifacts import Files, artifact_files
from governance.management.demo.cards import Story, basic, complete, text_of
from governance.management.demo.people import People
from governance.reviews.actions import decide
from governance.reviews.models import Decision, Review
from governance.reviews.queries import warned
from governance.validation import work as checks
from governance.validation.actions import submit
from governance.validation.models import ValidationRun
from marketplace.accounts.models import Team, User
from marketplace.activity import work as record
from marketplace.activity.queries import undelivered

STANDARD = {
    "data_class": "internal", "affected": "employees", "autonomy": "human_in_loop", "exposure": "low", "purpose": "internal", "scope": "minimal",
}  # fmt: skip
ANSWERS: dict[str, dict[str, str]] = {
    "T1": STANDARD | {"data_class": "confidential", "exposure": "high", "purpose": "regulatory"},
    "T2": STANDARD | {"affected": "customers", "purpose": "customer_facing"},
    "T3": STANDARD,
    "T4": STANDARD | {"data_class": "public", "affected": "nobody", "autonomy": "advice", "scope": "sandbox"},
}
STRICT = {"T1", "T2"}


@dataclass(frozen=True)
class Subject:
    """A model as its team introduces it."""

    team: str
    name: str
    by: str
    summary: str
    story: Story
    paragraphs: Sequence[tuple[str, str]]
    task: str = "text-classification"
    modality: str = "text"
    tier: str = "T3"
    tags: Sequence[str] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


class Teller:
    """Tells stories about models, with the people of the demo world."""

    def __init__(self, people: People) -> None:
        self.people, self.today = people, timezone.localdate()

    def introduce(self, subject: Subject) -> RegisteredModel:
        """Register a model with its card."""
        by, story = self.people[subject.by], subject.story
        facts: dict[str, Any] = {"summary": subject.summary, "task": subject.task, "modality": subject.modality, "tags": list(subject.tags)}
        facts |= {"license": story.license, "library": story.library, "framework": story.library, **subject.facts}
        model = register_model(self.people.teams[subject.team], subject.name, by=by, **facts)
        values = basic(story, today=self.today) | (complete(story, today=self.today) if subject.tier in STRICT else {})
        save_card(model, by=by, values=values, text=text_of(subject.name, subject.paragraphs), summary="First card")
        return model

    def use_case(self, name: str, *, team: str, by: str, data_class: str = "internal") -> UseCase:
        """Return the use case of a team, naming it when it is new."""
        found = UseCase.objects.filter(team=self.people.teams[team], name=name).first()
        return found or create_use_case(name, team=self.people.teams[team], by=self.people[by], data_class=data_class)

    def draft(
        self, model: RegisteredModel, version: str, *, by: str, files: Files | None = None, changelog: str = "First version.", **more: Any
    ) -> ModelVersion:
        """Add a version with its files."""
        made = add_version(model, version, by=self.people[by], changelog=changelog, **more)
        for path, content in files or []:
            add_file(made, path, BytesIO(content), by=self.people[by], length=len(content))
        return made

    def submit(self, version: ModelVersion, *, by: str, use_case: UseCase, tier: str = "T3", run: bool = True, **answers: str) -> ModelVersion:
        """Answer the risk questions, submit, and let the checks and everything that follows from them run now."""
        environment = "test" if tier == "T4" else "production"
        data_class = "public" if tier == "T4" else "internal"
        person = self.people[by]
        change_version(version, by=person, use_case=use_case, environment=environment, data_class=data_class, answers=ANSWERS[tier] | answers)
        made = submit(ModelVersion.objects.select_related("model__team").get(pk=version.pk), by=person)
        if run:
            self.check(made)
        return fresh(version)

    def check(self, run: ValidationRun) -> None:
        """Do what a worker does with a run, and what follows from its end."""
        checks.run_checks(run.pk)
        self.follow()

    def follow(self) -> None:
        """Tell every listener what it has not heard yet."""
        while events := undelivered():
            told = [record.deliver(event) for event in events]
            if not any(told):
                return

    def vote(
        self,
        version: ModelVersion,
        by: str,
        track: str,
        reason: str,
        *,
        choice: str = "approve",
        conditions: Sequence[str] = (),
        until: datetime | None = None,
    ) -> Decision:
        """Let a reviewer decide on what is pinned now."""
        review = review_of(version)
        made = decide(
            review,
            track,
            choice,
            by=self.people[by],
            reason=reason,
            manifest_digest=review.manifest_digest,
            card_revision=review.card_revision,
            run=review.run_id,
            conditions=conditions,
            valid_until=until,
            acknowledged=list(warned(review)),
        )
        self.follow()
        return made

    def grant(self, version: ModelVersion, *, to: str, by: str, days: int = 180, person: str = "") -> AccessGrant:
        """Let a team, or one person, use a model for the use case that one of its versions was approved for."""
        version = fresh(version)
        subject: dict[str, User | Team] = {"user": self.people[person]} if person else {"team": self.people.teams[to]}
        assert version.use_case is not None, "only an approved version is granted here"  # noqa: S101 - a mistake in these stories
        return give_grant(
            version.model,
            use_case=version.use_case,
            until=timezone.now() + timedelta(days=days),
            by=self.people[by],
            environment=version.environment,
            data_class=version.data_class,
            **subject,  # type: ignore[arg-type]
        )


def fresh(version: ModelVersion) -> ModelVersion:
    """Return a version as it is now."""
    return ModelVersion.objects.select_related("model__team", "use_case").get(pk=version.pk)


def review_of(version: ModelVersion) -> Review:
    """Return the newest review of a version."""
    return Review.objects.select_related("run").filter(version=version).latest("pk")


def in_days(days: int) -> datetime:
    """Return a moment so many days from now."""
    return timezone.now() + timedelta(days=days)


def day_in(days: int) -> date:
    """Return a day so many days from now."""
    return timezone.localdate() + timedelta(days=days)


def head(model: RegisteredModel) -> dict[str, str]:
    """Return what the files of a model say about it: the same as its team."""
    return {"name": model.name, "task": model.task, "license": model.license}


__all__ = ["Files", "Subject", "Teller", "artifact_files", "day_in", "fresh", "head", "in_days", "review_of"]
