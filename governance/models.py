"""The tables of the council; each is written in the room it belongs to."""

from governance.access.models import AccessDecision, AccessPart, AccessReply, AccessRequest, AccessRule
from governance.policies.models import Policy
from governance.reviews.models import Comment, Decision, Review, ReviewTrack, Waiver
from governance.validation.models import CheckResult, Finding, KeptAnswer, Release, RuleSet, ValidationRun

__all__ = [
    "AccessDecision",
    "AccessPart",
    "AccessReply",
    "AccessRequest",
    "AccessRule",
    "CheckResult",
    "Comment",
    "Decision",
    "Finding",
    "KeptAnswer",
    "Policy",
    "Release",
    "Review",
    "ReviewTrack",
    "RuleSet",
    "ValidationRun",
    "Waiver",
]
