"""The rule of access to a model, set by its owners."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from catalog.registry.models import RegisteredModel
from catalog.registry.states import DataClass, Environment
from governance.access.models import AccessRule
from governance.access.permissions import require_owner
from governance.access.questions import problems_in, questions_in
from governance.access.states import PRIVATE_DATA
from marketplace.accounts.models import User
from marketplace.activity.actions import record
from marketplace.errors import Invalid

MOST_DAYS = 3_650
RULE_FIELDS = ("is_automatic", "environment", "data_class", "longest_days", "review_days", "questions")


@transaction.atomic
def set_access_rule(
    model: RegisteredModel,
    *,
    by: User,
    is_automatic: bool,
    environment: str,
    data_class: str,
    review_days: int,
    longest_days: int | None = None,
    questions: Sequence[Mapping[str, Any]] = (),
) -> AccessRule:
    """Say how access to a model is given; requests that are open go on under what they answered."""
    require_owner(by, model)
    problems: dict[str, list[str]] = {}
    if environment not in Environment.values:
        problems["environment"] = [f"Use one of {', '.join(Environment.values)}."]
    if data_class not in DataClass.values:
        problems["data_class"] = [f"Use one of {', '.join(DataClass.values)}."]
    if is_automatic and data_class in PRIVATE_DATA:
        problems["data_class"] = ["Personal data is never granted automatically: data privacy decides as well. Use confidential or less."]
    if longest_days is not None and not 1 <= longest_days <= MOST_DAYS:
        problems["longest_days"] = [f"Use 1 to {MOST_DAYS} days, or leave it empty for the policy's."]
    if not 1 <= review_days <= MOST_DAYS:
        problems["review_days"] = [f"Use 1 to {MOST_DAYS} days."]
    if wrong := problems_in(list(questions)):
        problems["questions"] = wrong
    if problems:
        raise Invalid("The rule was not changed.", fields=problems)
    values: dict[str, Any] = {
        "is_automatic": is_automatic,
        "environment": environment,
        "data_class": data_class,
        "longest_days": longest_days,
        "review_days": review_days,
        "questions": [question.stored() for question in questions_in(questions)],
    }
    rule, _ = AccessRule.objects.update_or_create(model=model, defaults=values)
    record("access.rule_set", model, by=by, **values)
    return rule
