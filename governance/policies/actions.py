"""Publishing policies. A published policy never changes; the next version replaces it from its date on."""

import hashlib
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from governance.policies import rules
from governance.policies.models import Policy
from governance.policies.queries import policies
from marketplace.accounts.models import User
from marketplace.activity.actions import record
from marketplace.errors import Conflict, Invalid
from marketplace.permissions.needs import OrgRole
from marketplace.permissions.queries import require_role

STARTER = "starter"


@transaction.atomic
def publish_policy(name: str, text: str, *, by: User | None, effective_from: datetime | None = None) -> Policy:
    """Publish the next version of a policy; it takes effect now or later, never in the past."""
    if by is not None:
        require_role(by, OrgRole.GOVERNANCE, to="publish a policy")
    now = timezone.now()
    starts = effective_from or now
    version = 1 + (policies().filter(name=name).order_by("-version").values_list("version", flat=True).first() or 0)
    problems = _problems(name, version, text)
    if starts < now:
        problems["effective_from"] = ["A policy cannot take effect in the past: choose a moment from now on, or leave it out."]
    if problems:
        raise Invalid("The policy was not published.", fields=problems)
    try:
        with transaction.atomic():
            row = Policy.objects.create(
                name=name, version=version, text=text, digest=hashlib.sha256(text.encode()).hexdigest(), effective_from=starts, published_by=by
            )
    except IntegrityError as taken:
        raise Conflict(f"Somebody else has just published {name}@{version}.", hint="Look at it, then publish yours as the next version.") from taken
    record("policy.published", row, by=by, digest=row.digest, effective_from=starts)
    return row


@transaction.atomic
def ensure_starter(*, by: User | None = None) -> Policy:
    """Publish the starter policy unless some policy was published already; return the newest one."""
    return policies().first() or publish_policy(STARTER, rules.starter_text(), by=by)


def _problems(name: str, version: int, text: str) -> dict[str, list[str]]:
    """Name everything that is wrong with a policy's text, with its place."""
    if len(name) > 60:
        return {"name": ["Use a name of at most 60 characters."]}
    try:
        policy = rules.load_policy(text)
    except rules.PolicyError as wrong:
        return {"text": wrong.problems}
    problems = []
    if policy.name != name:
        problems.append(f"name: the text says “{policy.name[:60]}”, but it is published as “{name}”. Make them equal.")
    if policy.version != version:
        problems.append(f"version: the text says {policy.version}, but the next version of {name} is {version}. Write version: {version}.")
    return {"text": problems} if problems else {}
