"""What is done with sources: adding one, and importing from it."""

from django.db import transaction

from catalog.registry.states import ModelState
from catalog.sources.connectors.records import Record, Unreadable
from catalog.sources.models import ImportRun, Source
from catalog.sources.queries import names_in, records_of, source_named
from catalog.sources.work import Importer, Lines, Outcome, Progress, batches, import_lines, silent
from marketplace.accounts.actions import check_name, create_team
from marketplace.accounts.models import Team, User
from marketplace.accounts.permissions import require_administrator
from marketplace.accounts.queries import team_named
from marketplace.activity.actions import record
from marketplace.errors import Conflict, NotFound


@transaction.atomic
def add_source(name: str, *, kind: str, by: User | None, team: Team | None = None) -> Source:
    """Name a source and the team that answers for its models; by default a team named after it."""
    require_administrator(by, "add sources")
    check_name(name, "source")
    present = source_named(name)
    if present is None:
        owner = team or _team_for(name, by)
        made = Source.objects.create(name=name, kind=kind, team=owner)
        record("source.added", made, by=by, kind=kind, team=owner)
        return made
    if present.kind != kind:
        raise Conflict(f"There is already a source {present.name} of another kind ({present.kind}).", hint="Choose another name.")
    if team is not None and present.team_id != team.pk:
        raise Conflict(
            f"Models of source {present.name} belong to team {present.team.name}; they cannot move to {team.name} by an import.",
            hint=f"Leave the team out, or use --team {present.team.name}.",
        )
    return present


def _team_for(name: str, by: User | None) -> Team:
    """Return the team named after a source; create it when there is none."""
    try:
        return team_named(name)
    except NotFound:
        return create_team(name, by=by, purpose=f"Answers for the models known from {name}.")


def run_import(
    source: Source, lines: Lines, *, by: User | None, operator: str = "", state: str = ModelState.LISTED, progress: Progress = silent
) -> Outcome:
    """Take over the records of a source; each batch is a transaction of its own, so a broken end keeps what came before."""
    require_administrator(by, "import models")
    run = _start(source)
    return import_lines(run, lines, state=state, operator=operator, progress=progress)


def _start(source: Source) -> ImportRun:
    """Open the run; its end is recorded."""
    return ImportRun.objects.create(source=source)


def rehearse(name: str, team: Team | None, lines: Lines, *, progress: Progress = silent) -> Outcome:
    """Say what an import would do, and write nothing."""
    source = source_named(name)
    owner = source.team if source else team or _present_team(name)
    importer = Importer(source or Source(name=name), ModelState.LISTED, names_in(owner) if owner else set())
    for batch in batches(lines):
        good = importer.readable(batch)
        known = records_of(source, [found.external_id for _, found in good]) if source else {}
        for number, found in good:
            _foretell(importer, number, found, known[found.external_id].digest if found.external_id in known else None)
        progress(importer.outcome.read)
    return importer.outcome


def _present_team(name: str) -> Team | None:
    """Return the team named after a source, when there is one."""
    try:
        return team_named(name)
    except NotFound:
        return None


def _foretell(importer: Importer, number: int, found: Record, present: str | None) -> None:
    """Count what would happen to one record."""
    if present is None:
        importer.name_for(number, found.slug)
        importer.outcome.added += 1
    elif present == found.digest:
        importer.outcome.unchanged += 1
    else:
        importer.outcome.changed += 1


__all__ = ["Outcome", "Record", "Unreadable", "add_source", "rehearse", "run_import"]
