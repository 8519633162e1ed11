"""Trusting CI jobs, and giving them tokens for an hour."""

import re
from datetime import timedelta

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace import origin
from marketplace.accounts.keys.actions.ending import revoke_tokens
from marketplace.accounts.keys.actions.issuing import make_token, refuse_what_is_for_people, scope_problem
from marketplace.accounts.keys.permissions import require_keeper, require_no_more, require_still_counting
from marketplace.accounts.keys.queries import database_now, publishers_that_trust
from marketplace.accounts.keys.trust import Assertion, Fetch, Untrusted, fetch_outside, fits, issuer_of, verified
from marketplace.accounts.models import ApiToken, Kind, SpentAssertion, TrustedPublisher, User
from marketplace.accounts.tokens import FOR_ADMINISTRATORS
from marketplace.activity.actions import record
from marketplace.errors import Conflict, Invalid, NotSignedIn
from marketplace.identifiers import hides_something
from marketplace.permissions.queries import Limits

log = structlog.get_logger(__name__)
HOUR = timedelta(hours=1)
REFUSED = "This job's token was not accepted: it does not fit what a service account here trusts, or it was used before."
SHAPES = {
    "issuer": (r"https://[^\s/?#]+(/[^\s?#]*)?", "Write the issuer as it stands in the job's token: https://token.actions.githubusercontent.com"),
    "audience": (r"\S+", "Write for whom the job asks its token; usual is the address of this marketplace."),
    "repository": (r"[\w.-]+(/[\w.-]+)+", "Write organization/repository, without an asterisk."),
    "ref": (r"refs/(heads|tags)/[^\s?\[\]]+", "Write refs/heads/main, or refs/tags/v* for all tags that begin with v."),
    "workflow": (r"[\w./-]+", "Write the file in the repository: .github/workflows/release.yml"),
}


@transaction.atomic
def add_publisher(account: User, *, by: User, scopes: list[str], parent: ApiToken | None = None, **rule: str) -> TrustedPublisher:
    """Trust one workflow of one repository at one branch or tag: its jobs get tokens of this service account without a secret."""
    require_keeper(by, account, "trust CI jobs")
    if account.kind != Kind.SERVICE:
        raise Invalid("Only a service account trusts CI jobs.", fields={"service_account": ["Make a service account for the job."]})
    problems = {field: [told] for field, (shape, told) in SHAPES.items() if not _is_shaped(rule.get(field, ""), shape)}
    if wrong := scope_problem(scopes):
        problems["scopes"] = [wrong]
    elif not FOR_ADMINISTRATORS.isdisjoint(scopes):
        problems["scopes"] = ["No CI job speaks for the directory: an administrator issues that token."]
    if problems:
        raise Invalid("The CI job is not trusted.", fields=problems)
    refuse_what_is_for_people(account, scopes)
    require_still_counting(parent)
    require_no_more(parent, scopes, Limits())  # its jobs reach as far as the account: no limited token hands that out
    try:
        with transaction.atomic():
            made = TrustedPublisher.objects.create(
                user=account, created_by=by, added_through=parent, scopes=sorted(set(scopes)), **{field: rule[field].strip() for field in SHAPES}
            )
    except IntegrityError as known:
        raise Conflict("This job is trusted already.", hint="Remove it first to give it other scopes.") from known
    record("publisher.added", made, by=by, owner=account, scopes=made.scopes, **{field: getattr(made, field) for field in SHAPES})
    return made


def _is_shaped(value: str, shape: str) -> bool:
    return len(value) <= 200 and not hides_something(value) and bool(re.fullmatch(shape, value.strip()))


@transaction.atomic
def remove_publisher(publisher: TrustedPublisher, *, by: User) -> TrustedPublisher:
    """Trust a CI job no more; the tokens it got end at once."""
    require_keeper(by, publisher.user, "remove trusted CI jobs")
    if TrustedPublisher.objects.filter(pk=publisher.pk, removed_at=None).update(removed_at=timezone.now()):
        revoke_tokens(ApiToken.objects.filter(publisher=publisher), by=by)
        record("publisher.removed", publisher, by=by, owner=publisher.user)
    publisher.refresh_from_db(fields=["removed_at"])
    return publisher


def exchange_assertion(token: str, *, account: str = "", fetch: Fetch = fetch_outside) -> tuple[ApiToken, str]:
    """Give a CI job a token for an hour for its OIDC token; whatever is wrong with that one, the answer is the same."""
    try:
        publisher, assertion = _trusted(token, account, fetch)
        return _spend(publisher, assertion)
    except Untrusted as reason:
        log.info("job_token_refused", reason=str(reason), request_id=origin.current().request_id)
        raise NotSignedIn(REFUSED, hint="Check issuer, audience, repository, branch and workflow with an owner of the service account.") from None


def _trusted(token: str, account: str, fetch: Fetch) -> tuple[TrustedPublisher, Assertion]:
    issuer = issuer_of(token)
    rules = [] if "\0" in account else publishers_that_trust(issuer, account)
    if not rules:
        raise Untrusted("issuer")
    audiences = sorted({rule.audience for rule in rules})
    assertion = verified(token, issuer=issuer, audiences=audiences, now=database_now(), fetch=fetch)
    fitting = [rule for rule in rules if fits(rule, assertion.claims)]
    if len({rule.user_id for rule in fitting}) != 1:
        raise Untrusted("claims" if not fitting else "several service accounts")
    return fitting[0], assertion


@transaction.atomic
def _spend(publisher: TrustedPublisher, assertion: Assertion) -> tuple[ApiToken, str]:
    """Take the proof, once, and write the token."""
    try:
        with transaction.atomic():
            # Kept a day beyond its end, which is far beyond any leeway of the clocks.
            SpentAssertion.objects.create(digest=assertion.spent, expires_at=assertion.until + timedelta(days=1))
    except IntegrityError as replayed:
        raise Untrusted("used before") from replayed
    still = TrustedPublisher.objects.select_for_update().filter(pk=publisher.pk, removed_at=None, user__is_active=True)
    if not still.exists():
        raise Untrusted("removed")
    name = f"CI: {publisher.repository} at {publisher.ref}"
    made, secret = make_token(publisher.user, by=publisher.user, name=name, scopes=publisher.scopes, until=database_now() + HOUR, publisher=publisher)
    record("token.exchanged", made, by=publisher.user, publisher=publisher, until=made.expires_at, proof=assertion.spent.hex())
    return made, secret
