"""What checks show on the pages of models and versions."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.states import MAY_SUBMIT
from governance.validation.models import ValidationRun
from governance.validation.permissions import may_inspect
from governance.validation.queries import latest_run, latest_run_of_model, to_do
from governance.validation.report import report
from governance.validation.states import RunState, Verdict
from marketplace.permissions.needs import Need
from marketplace.permissions.queries import allowed
from marketplace.web import slots

TRUST_TONES = {Verdict.PASS: "success", Verdict.WARN: "warning", Verdict.FAIL: "danger", Verdict.ERROR: "warning"}


def version_panel(request: HttpRequest, version: ModelVersion) -> str:
    """The newest run over a version; before a submit, what is still missing."""
    may_submit = version.state in MAY_SUBMIT and allowed(request.user, Need.EDIT, version.model)
    report = _report(_newest(request, version), request)
    shown = {"version": version, "duties": to_do(version) if may_submit else None, "report": report, "inspects": may_inspect(request.user, version)}
    return render_to_string("governance/validation/_version_panel.html", shown, request=request)


def model_panel(request: HttpRequest, model: RegisteredModel) -> str:
    """The newest run over any version of a model."""
    run = latest_run_of_model(model)
    shown = {"version": run.version if run else None, "duties": None, "report": _report(run, request)}
    return render_to_string("governance/validation/_version_panel.html", shown, request=request)


def trust_panel(request: HttpRequest, version: ModelVersion) -> str:
    """How many checks of the newest run passed: red when one failed, gray when nothing is known yet."""
    run = _newest(request, version)
    is_known = run is not None and run.state == RunState.FINISHED
    counted = run.counted if is_known else 0
    shown = {
        "run": run,
        "is_live": run is not None and not is_known,
        "passed": run.passed if is_known else 0,
        "counted": counted,
        "tone": TRUST_TONES.get(Verdict(run.outcome), "neutral") if counted else "neutral",
    }
    return render_to_string("governance/validation/_trust.html", shown, request=request)


def _newest(request: HttpRequest, version: ModelVersion) -> Any:
    """The newest run over a version, read once for all panels of a page."""
    kept: dict[int, Any] = request.__dict__.setdefault("_newest_runs", {})
    if version.pk not in kept:
        kept[version.pk] = latest_run(version)
    return kept[version.pk]


def _report(run: ValidationRun | None, request: HttpRequest) -> object:
    return report(run, request.user) if run is not None else None


def fill() -> None:
    """Offer the panels; called once when the app is ready."""
    slots.fill("version", "checks", title="Checks", order=30, render=version_panel)
    slots.fill("trust", "checks", title="Checks", order=10, render=trust_panel)
    slots.fill("model", "checks", title="Checks", order=50, render=model_panel)
