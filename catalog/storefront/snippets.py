"""How to use a version from a program: text that works as it stands, with the token taken from the environment."""

import shlex
from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.template.loader import render_to_string

from catalog.artifacts.queries import files_of
from catalog.registry.models import ModelVersion

LANGUAGES = (
    ("curl", "curl", "In a shell"),
    ("requests", "Python, requests", "With the package requests"),
    ("urllib", "Python, nothing to install", "With Python alone"),
)
MOST_FILES = 12


@dataclass(frozen=True)
class SnippetFile:
    """One file for the shell: where it is, and its name there, quoted."""

    url: str
    plain: str
    target: str
    sha256: str


@dataclass(frozen=True)
class Snippet:
    """One way to get the files."""

    key: str
    title: str
    caption: str
    text: str


def files_url(version: ModelVersion) -> str:
    """Return the address that lists the files of a version."""
    return f"{settings.PUBLIC_URL}/api/v1/models/{version.model}/versions/{version.version}/files"


def snippets_for(version: ModelVersion) -> list[Snippet]:
    """Return every way to get the files of a version."""
    rows = list(files_of(version)[: MOST_FILES + 1])
    listed = [SnippetFile(f"{files_url(version)}/{quote(row.path)}", row.path, shlex.quote(row.path), row.blob_id) for row in rows[:MOST_FILES]]
    folders = sorted({shlex.quote(row.path.rpartition("/")[0]) for row in rows[:MOST_FILES] if "/" in row.path})
    context = {
        "files": listed,
        "folders": folders,
        "more": len(rows) > MOST_FILES,
        "list_url": files_url(version),
        "version": version,
        "site": settings.PUBLIC_URL,
    }
    return [Snippet(key, title, caption, text_of(key, context)) for key, title, caption in LANGUAGES]


def text_of(key: str, context: dict[str, object]) -> str:
    """Render one snippet as plain text."""
    return render_to_string(f"catalog/storefront/snippets/{key}.txt", context).strip() + "\n"
