"""The way of a version in six steps, and where on it a state stands."""

from catalog.registry.states import VersionState as S

STEPS = ("Draft", "Checks", "Review", "Approved", "Deprecated", "Retired")
# State -> (the step it stands at, whether it can go on from there by itself or by the next person in line).
PLACE: dict[str, tuple[int, bool]] = {
    S.DRAFT: (0, True),
    S.WITHDRAWN: (0, False),
    S.VALIDATING: (1, True),
    S.VALIDATION_FAILED: (1, False),
    S.QUARANTINED: (1, False),
    S.IN_REVIEW: (2, True),
    S.CHANGES_REQUESTED: (2, False),
    S.REJECTED: (2, False),
    S.APPROVED: (3, True),
    S.SUSPENDED: (3, False),
    S.EXPIRED: (3, False),
    S.DEPRECATED: (4, True),
    S.RETIRED: (5, True),
    S.PURGED: (5, True),
}


def steps_of(state: str, *, is_automatic: bool = False) -> list[dict[str, str]]:
    """Return the steps with their states; `is_automatic`: the policy approved it without a review."""
    here, goes_on = PLACE[state]
    shown = []
    for at, text in enumerate(STEPS):
        stands = "done" if at < here else "next" if at > here else "now" if goes_on else "blocked"
        skipped = text == "Review" and is_automatic and at < here
        shown.append({"text": text, "state": stands, "note": "not needed" if skipped else ""})
    return shown
