"""ClamAV."""

from governance.validation.checks.base import Check


def antivirus() -> tuple[Check, ...]:
    """Nothing yet."""
    return ()
