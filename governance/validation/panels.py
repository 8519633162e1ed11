"""What checks show on the pages of models and versions."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.states import MAY_SUBMIT
from governance.validation.models import ValidationRun
from governance.validation.queries import latest_run, latest_run_of_model, results_of, to_do
from governance.validation.report import report
from governance.validation.states import RunState, Verdict
from marketplace.permissions.needs import Need
from marketplace.permissions.queries import allowed
from marketplace.web import slots

TRUST_TONES = {Verdict.PASS: "success", Verdict.WARN: "warning", Verdict.FAIL: "danger", Verdict.ERROR: "warning"}


def version_panel(request: HttpRequest, version: ModelVersion) -> str:
    """The newest run over a version; before a submit, what is still missing."""
    may_submit = version.state in MAY_SUBMIT and allowed(request.user, Need.EDIT, version.model)
    shown = {"version": version, "duties": to_do(version) if may_submit else None, "report": _report(latest_run(version), request)}
    return render_to_string("governance/validation/_version_panel.html", shown, request=request)


def model_panel(request: HttpRequest, model: RegisteredModel) -> str:
    """The newest run over any version of a model."""
    run = latest_run_of_model(model)
    shown = {"version": run.version if run else None, "duties": None, "report": _report(run, request)}
    return render_to_string("governance/validation/_version_panel.html", shown, request=request)


def trust_panel(request: HttpRequest, version: ModelVersion) -> str:
    """How many checks of the newest run passed: red when one failed, gray when nothing is known yet."""
    run = latest_run(version)
    is_known = run is not None and run.state == RunState.FINISHED
    counted = [result for result in results_of(run) if result.verdict != Verdict.NA] if run is not None and is_known else []
    shown = {
        "run": run,
        "is_live": run is not None and not is_known,
        "passed": sum(result.verdict == Verdict.PASS for result in counted),
        "counted": len(counted),
        "tone": TRUST_TONES.get(Verdict(run.outcome), "neutral") if run is not None and counted else "neutral",
    }
    return render_to_string("governance/validation/_trust.html", shown, request=request)


def _report(run: ValidationRun | None, request: HttpRequest) -> object:
    return report(run, request.user) if run is not None else None


def fill() -> None:
    """Offer the panels; called once when the app is ready."""
    slots.fill("version", "checks", title="Checks", order=30, render=version_panel)
    slots.fill("trust", "checks", title="Checks", order=10, render=trust_panel)
    slots.fill("model", "checks", title="Checks", order=50, render=model_panel)
