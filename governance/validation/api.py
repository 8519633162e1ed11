"""Submitting and checks for machines."""

from typing import Any, cast

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.registry.queries import model_named, version_named
from governance.validation.actions import rerun, submit
from governance.validation.models import ValidationRun
from governance.validation.queries import latest_run, results_of, run_for, runs_of, sees_evidence
from governance.validation.report import check_json
from governance.validation.serializers import (
    AgainSerializer,
    ChecksSerializer,
    LatestRunSerializer,
    RunSerializer,
    SubmitSerializer,
    SubmittedSerializer,
)
from marketplace.accounts.models import User
from marketplace.api.views import ApiView

MOST_RUNS = 50


class Submit(ApiView):
    """Ask for the checks and the review of a version."""

    @extend_schema(
        operation_id="versions_submit", request=SubmitSerializer, responses={202: SubmittedSerializer}, summary="Submit a version for checks"
    )
    def post(self, request: Request, team: str, name: str, version: str) -> Response:
        """Pin files, card, tier and policy, and start the checks; 422 names everything that is missing."""
        self.input(SubmitSerializer)
        run = submit(version_named(model_named(request.user, team, name), version), by=cast("User", request.user))
        row = run.version
        body = {"version": str(row), "state": row.state, "tier": row.tier, "because": row.tier_because, "policy": row.policy, "run": run_json(run)}
        return Response(body, status=202)


class Checks(ApiView):
    """The checks of a version."""

    @extend_schema(operation_id="versions_checks_again", request=AgainSerializer, responses={202: RunSerializer}, summary="Run the checks again")
    def post(self, request: Request, team: str, name: str, version: str) -> Response:
        """Ask all checks again, or the one that `check` names: then the answers of the others stand, as far as nothing changed."""
        body = self.input(AgainSerializer)
        run = rerun(version_named(model_named(request.user, team, name), version), by=cast("User", request.user), check=body["check"])
        return Response(run_json(run), status=202)

    @extend_schema(operation_id="versions_checks", responses=ChecksSerializer, summary="Show the checks of a version")
    def get(self, request: Request, team: str, name: str, version: str) -> Response:
        """Return the newest run with what each check said, and the list of all runs."""
        row = version_named(model_named(request.user, team, name), version)
        latest = latest_run(row)
        whole = run_json(latest) | {"checks": checks_json(latest, viewer=request.user)} if latest else None
        runs = [run_json(run) for run in runs_of(row)[:MOST_RUNS]]
        return Response({"version": str(row), "state": row.state, "state_note": row.state_note, "latest": whole, "runs": runs})


class Run(ApiView):
    """One run of checks."""

    @extend_schema(operation_id="checks_show", responses=LatestRunSerializer, summary="Show a run of checks")
    def get(self, request: Request, run: int) -> Response:
        """Return a run with what each check said; places and evidence for those who work with the model."""
        found = run_for(request.user, run)
        return Response(run_json(found) | {"checks": checks_json(found, viewer=request.user)})


def run_json(run: ValidationRun) -> dict[str, Any]:
    """Return the JSON of a run."""
    return {
        "run": run.pk,
        "url": f"{settings.PUBLIC_URL}/checks/{run.pk}",
        "state": run.state,
        "reason": run.reason,
        "only": run.only,
        "stage": run.stage,
        "outcome": run.outcome,
        "quarantined": run.quarantines,
        "rules": run.rule_set_id or "",
        "manifest_digest": run.manifest_digest,
        "card_revision": run.card_revision,
        "done": run.done,
        "total": run.total,
        "requested_at": run.requested_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
    }


def checks_json(run: ValidationRun, *, viewer: Any) -> list[dict[str, Any]]:
    """Return the JSON of what each check said, with evidence for those who work with the model."""
    sees = sees_evidence(viewer, run)
    return [check_json(result, sees=sees) for result in results_of(run)]
