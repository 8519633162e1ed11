"""The life of a run of checks, and what a check may say."""

from django.db.models import TextChoices


class RunState(TextChoices):
    """Where a run stands."""

    WAITING = "waiting", "Waiting for a worker"
    RUNNING = "running", "Running"
    FINISHED = "finished", "Finished"


RUN_MOVES: dict[str, frozenset[str]] = {
    RunState.WAITING: frozenset({RunState.RUNNING, RunState.FINISHED}),
    RunState.RUNNING: frozenset({RunState.WAITING, RunState.FINISHED}),
}


class Reason(TextChoices):
    """Why a run was asked for."""

    SUBMIT = "submit", "Submitted"
    RERUN = "rerun", "Run again"
    RESCAN = "rescan", "Looked at again under newer rules"
    RELEASE = "release", "Released from quarantine"


# What these find decides where a version that is being checked goes; a rescan only ever takes away.
LEADING = (Reason.SUBMIT, Reason.RERUN, Reason.RELEASE)
# In this order a run goes; a stage that no check belongs to has nothing to do.
INTAKE, INTEGRITY, SECURITY, IDENTITY, LICENCE, CARD, FUNCTION, SUMMARY = STAGES = (
    "Intake", "Integrity", "Security", "Identity", "Licence", "Card", "Function", "Summary",
)  # fmt: skip


class Verdict(TextChoices):
    """What a check says. Unknown is none of these: a check without a verdict has not passed."""

    PASS = "pass", "Passed"
    WARN = "warn", "Passed with a warning"
    FAIL = "fail", "Failed"
    ERROR = "error", "Could not run"
    NA = "na", "Not applicable"


# A run is the worst of its checks; not applicable counts for nothing.
WORST_FIRST = (Verdict.ERROR, Verdict.FAIL, Verdict.WARN, Verdict.PASS)
OUTCOMES = (Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.ERROR)


class Severity(TextChoices):
    """How grave a finding is."""

    INFO = "info", "Info"
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"
