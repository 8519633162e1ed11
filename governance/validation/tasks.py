"""The bells of the checks."""

from governance.validation import queries, work
from marketplace.jobs import job


@job(seconds=900)
def run_checks(run_id: str) -> None:
    """See a run through; ring again for what is left to another turn."""
    if work.run_checks(int(run_id)):
        run_checks.ring(run_id)


@job(seconds=30)
def sweep_runs() -> None:
    """Ring again for runs whose bell was lost or whose worker died."""
    work.mark_rung([pk for pk in queries.lost_runs() if run_checks.ring(pk)])


@job(seconds=120)
def look_again() -> None:
    """Ring for stored versions that older rules judged, the most used first."""
    for pk in work.ask_for_rescans():
        run_checks.ring(pk)


@job(seconds=120)
def clear_old_answers() -> None:
    """Forget what was said of files by rules that are no longer those of now."""
    work.clear_old_answers()
