"""The five steps of publishing a version, and where each is."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from catalog.registry.models import ModelVersion
from catalog.registry.permissions import require_editor
from catalog.registry.queries import model_named, version_named
from catalog.registry.states import MAY_SUBMIT
from marketplace.errors import Conflict

STEPS = (("files", "Files"), ("about", "About"), ("risk", "Use and risk"), ("check", "Check and submit"))


def version_path(version: ModelVersion) -> str:
    """The page of a version."""
    return f"/m/{version.model.team.name}/{version.model.name}/v/{quote(version.version)}"


def publish_path(version: ModelVersion, step: str) -> str:
    """The page of a step."""
    return f"{version_path(version)}/publish/{step}"


def publish_stepper(version: ModelVersion | None, now: str, lacking: Mapping[str, str] | None = None) -> list[dict[str, str]]:
    """Return the steps for the stepper; before the draft exists only the first can be opened, afterwards all can.

    `lacking` says of earlier steps what they still lack: without it they count as done.
    """
    steps = [{"text": "Start", "state": "now" if now == "start" else "done"}]
    here = next((at for at, (key, _) in enumerate(STEPS) if key == now), -1)
    for at, (key, text) in enumerate(STEPS):
        step = {"text": "Service" if key == "files" and version is not None and version.model.is_hosted else text}
        lack = (lacking or {}).get(key, "") if at < here else ""
        step |= {"state": "now" if at == here else "blocked" if lack else "done" if at < here else "next", "note": lack}
        steps.append(step | ({"url": publish_path(version, key)} if version is not None else {}))
    return steps


def draft_named(person: Any, team: str, name: str, version: str) -> ModelVersion:
    """Return a version by its names, if the person may change it and it can still be submitted."""
    found = version_named(model_named(person, team, name), version)
    require_editor(person, found.model)
    if found.state not in MAY_SUBMIT:
        raise Conflict(f"{found} is already submitted or decided.", hint="Look at its page, or publish another version.")
    return found
