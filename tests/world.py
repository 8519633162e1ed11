"""Two of everything: a model that all may see and one that only its team may, each with versions in the states pages show."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from catalog.registry.actions import set_alias
from catalog.registry.models import ModelVersion, RegisteredModel, ServiceAccount
from governance.access.actions import ask_for_access
from governance.access.models import AccessRequest
from governance.policies.actions import ensure_starter
from governance.reviews.actions import open_review
from governance.reviews.models import Review
from governance.validation.models import ValidationRun
from tests import factories as make


@dataclass
class World:
    """What stands in the world, by name."""

    open: RegisteredModel
    hidden: RegisteredModel
    approved: ModelVersion
    draft: ModelVersion
    secret: ModelVersion
    secret_draft: ModelVersion
    review: Review
    secret_review: Review
    run: ValidationRun
    secret_run: ValidationRun
    request: AccessRequest
    account: ServiceAccount


def in_review(model, by, version):
    """A version whose checks are through and whose review is open."""
    made = make.a_submitted_version(model, by, version)
    run = make.a_finished_run(made)
    with transaction.atomic():
        return open_review(made, run), run


def build(cast) -> World:
    """Make the world with the cast."""
    ensure_starter()
    seen = make.a_model(cast.finance_ml, cast.nina, "invoice")
    hidden = make.a_model(cast.secret_lab, cast.sam, "falcon", visibility="team")
    for model, by in ((seen, cast.nina), (hidden, cast.sam)):
        make.a_card(model, by, text="# About\n\nReads *invoices*.")
    approved = make.an_approved_version(seen, cast.nina)
    secret = make.an_approved_version(hidden, cast.sam)
    draft, secret_draft = make.a_version(seen, cast.nina, "2.0.0"), make.a_version(hidden, cast.sam, "2.0.0")
    make.a_file(draft, by=cast.nina)
    make.a_file(secret_draft, by=cast.sam)
    review, run = in_review(seen, cast.nina, "1.1.0")
    secret_review, secret_run = in_review(hidden, cast.sam, "1.1.0")
    set_alias(seen, "latest", approved, by=cast.nina)
    set_alias(hidden, "latest", secret, by=cast.sam)
    request = ask_for_access(
        [seen], by=cast.ivo, team=cast.claims_api, use_case=approved.use_case, environment="production", data_class="internal",
        until=timezone.now().date() + timedelta(days=60),
    )  # fmt: skip
    account = make.a_service_account(cast.finance_ml, cast.paul, "ci-invoices")
    return World(seen, hidden, approved, draft, secret, secret_draft, review, secret_review, run, secret_run, request, account)
