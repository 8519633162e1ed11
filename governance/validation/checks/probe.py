"""An ONNX model loads in its library and answers: tried in a sandbox of its own, after the gate allowed every file."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, SubjectFile, count, no_files, not_applicable
from governance.validation.probing import Model, Told, ask
from governance.validation.rules import rules, version_with
from governance.validation.states import Severity, Verdict
from marketplace import sandbox

FIX = "Export the model again and try it with onnxruntime before you bring a new version."
FIX_AGAIN = "Run the checks again; if it happens twice, the model needs more than a check may use: tell the reviewer how you tried it."


class Probe:
    """Load each ONNX model and ask it one made-up question."""

    id = "probe"
    codes = ("V60", "V61")
    stage = "Function"
    title = "It loads and answers"
    severity = Severity.HIGH
    tiers = TIERS
    needs = frozenset({"hosted", "files", "readings"})
    beside = True  # it waits for another process
    explains = (
        "Loads ONNX models with onnxruntime in a sandbox without network, asks each a made-up question of the declared kind and shape, "
        "and looks whether the answer has the declared shape and holds numbers. Only when every file was allowed; never in a worker. "
        "Other formats are not run."
    )

    @property
    def version(self) -> str:
        """Change with the code and with the bounds."""
        return version_with(1, "probe")

    def engine(self) -> str:
        """Return whether models are run at all."""
        return "on" if settings.PROBE_MODELS else "off"

    def run(self, subject: Subject) -> CheckAnswer:
        """Say whether every model loads and answers."""
        if subject.hosted:
            return not_applicable()
        if not subject.files:
            return no_files()
        models = [file for file in subject.files if file.path in subject.readings and subject.readings[file.path].format == "onnx"]
        if reason := _why_nothing(subject, len(models)):
            return CheckAnswer(Verdict.NA, reason)
        bounds = rules("probe").data
        asked = models_to_ask(subject, bounds)
        if not asked:
            return CheckAnswer(Verdict.NA, f"Not run: {_why_not(models[0], subject, bounds)}")
        try:
            told = ask(asked, bounds)
        except (sandbox.BoundedError, ValueError, OSError) as fault:
            return _could_not_run(fault, [model.name for model in asked])
        if told.models is None:
            return CheckAnswer(Verdict.NA, "Not run: onnxruntime is not installed here (extra “probe”).", {"sandbox": told.profile})
        left = [file.path for file in models if file.path not in {model.name for model in asked}]
        return _answer(told, {"onnxruntime": told.version, "sandbox": told.profile, "models": list(told.models), "not run": left})


def models_to_ask(subject: Subject, bounds: Mapping[str, Any]) -> list[Model]:
    """Return the models of a version that may be asked, not more than the bound allows."""
    onnx = [file for file in subject.files if file.path in subject.readings and subject.readings[file.path].format == "onnx"]
    if _why_nothing(subject, len(onnx)):
        return []
    able = [Model(file.path, file.local, file.sha256) for file in onnx if file.local is not None and not _why_not(file, subject, bounds)]
    return able[: bounds["most_models"]]


def _why_nothing(subject: Subject, models: int) -> str:
    """Say why nothing is run at all; empty when something may be."""
    if not models:
        return "No file is an ONNX model, and other formats are not run."
    if not settings.PROBE_MODELS:
        return "This marketplace does not run models (PROBE_MODELS is off)."
    allowed = all(file.path in subject.readings and subject.readings[file.path].verdict == "allow" for file in subject.files)
    return "" if allowed else "Not run: only versions whose files are all allowed by the gate are."


def _why_not(file: SubjectFile, subject: Subject, bounds: Mapping[str, Any]) -> str:
    if file.local is None:
        return f"the bytes of {file.path} are not in the store."
    if subject.readings[file.path].facts.get("external_data"):
        return f"{file.path} keeps its numbers in other files, and is read by itself here."
    if file.size > bounds["largest_bytes"]:
        return f"{file.path} is larger than {bounds['largest_bytes']:,} bytes."
    return ""


def _could_not_run(fault: Exception, paths: list[str]) -> CheckAnswer:
    how = "it took longer than it may" if isinstance(fault, sandbox.TimedOut) else f"the run was ended ({type(fault).__name__})"
    said = f"{paths[0]} could not be run: {how}." if len(paths) == 1 else f"{count(len(paths), 'model')} could not be run: {how}."
    return CheckAnswer(
        Verdict.ERROR, said[:390], {"profile": getattr(fault, "profile", "")}, (Found(Severity.HIGH, "other", said[:590], paths[0], fix=FIX_AGAIN),)
    )


def _answer(told: Told, evidence: dict[str, object]) -> CheckAnswer:
    models = told.models or ()
    found = [_found(entry["name"], f"does not load in onnxruntime: {entry['why']}") for entry in models if not entry["loads"]]
    found += [_found(entry["name"], problem) for entry in models for problem in entry["problems"]]
    silent = [entry for entry in models if entry["loads"] and not entry["asked"]]
    if found:
        return CheckAnswer(Verdict.FAIL, found[0].message[:390], evidence, tuple(found))
    if silent:
        said = f"{count(len(models), 'model')} loaded; {silent[0]['name']} was not asked: {silent[0]['why']}"
        return CheckAnswer(Verdict.PASS, said[:390], evidence)
    return CheckAnswer(Verdict.PASS, f"{count(len(models), 'model')} loaded and answered a made-up question as declared.", evidence)


def _found(name: str, what: str) -> Found:
    return Found(Severity.HIGH, "structure", f"{name}: {what}"[:590], name, fix=FIX)
