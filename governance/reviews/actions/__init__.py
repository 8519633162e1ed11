"""What is done to reviews, and what people decide about versions after their approval."""

from governance.reviews.actions.deciding import decide
from governance.reviews.actions.opening import open_review
from governance.reviews.actions.quarantining import condemn_version, release_version
from governance.reviews.actions.standing import (
    deprecate_version,
    end_what_rested_on,
    quarantine_version,
    reinstate_version,
    retire_version,
    suspend_version,
)
from governance.reviews.actions.steps import take_step
from governance.reviews.actions.talking import comment, withdraw_review, withdraw_version
from governance.reviews.actions.voiding import void_what_changed
from governance.reviews.actions.waiving import end_waiver, give_waiver

__all__ = [
    "comment",
    "condemn_version",
    "decide",
    "deprecate_version",
    "end_waiver",
    "end_what_rested_on",
    "give_waiver",
    "open_review",
    "quarantine_version",
    "reinstate_version",
    "release_version",
    "retire_version",
    "suspend_version",
    "take_step",
    "void_what_changed",
    "withdraw_review",
    "withdraw_version",
]
