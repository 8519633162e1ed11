"""What we depend on is what we use."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NAMES = {re.match(r"[a-z0-9-]+", line)[0] for line in PROJECT["project"]["dependencies"]}
IMPORTED_AS = {
    "djangorestframework": "rest_framework", "django-guardian": "guardian", "django-environ": "environ", "django-allauth": "allauth",
    "django-axes": "axes", "django-csp": "csp", "pyyaml": "yaml", "pyjwt": "jwt", "markdown-it-py": "markdown_it",
    "cyclonedx-python-lib": "cyclonedx", "packageurl-python": "packageurl",
}  # fmt: skip
OF_AN_EXTRA = {"onelogin": "saml"}  # imported only where a setting turns it on
WITHOUT_IMPORT = {
    "psycopg": "Django's driver",
    "gunicorn": "serves; started by name",
    "argon2-cffi": "Django's password hasher",
    "linkify-it-py": "markdown-it-py asks for it",
    "cryptography": "signs checkpoints and passkeys, which come next",
}
SOURCE = "\n".join(
    path.read_text() for name in ("marketplace", "catalog", "governance") for path in (ROOT / name).rglob("*.py") if "migrations" not in path.parts
)


@pytest.mark.parametrize("name", sorted(NAMES - WITHOUT_IMPORT.keys()))
def test_every_dependency_is_used(name):
    module = IMPORTED_AS.get(name, name.replace("-", "_"))
    assert re.search(rf"^\s*(?:import|from) {module}\b|[\"']{module}[.\"']", SOURCE, re.MULTILINE), "nothing imports it: remove it"


def test_what_has_no_import_is_still_wanted():
    assert WITHOUT_IMPORT.keys() <= NAMES


def test_whatever_is_imported_is_declared():
    ours = {"marketplace", "catalog", "governance"}
    imported = set(re.findall(r"^(?:import|from) (\w+)", SOURCE, re.MULTILINE)) - set(sys.stdlib_module_names) - ours
    assert OF_AN_EXTRA.keys() <= imported
    assert set(OF_AN_EXTRA.values()) <= PROJECT["project"]["optional-dependencies"].keys()
    assert imported - OF_AN_EXTRA.keys() <= {IMPORTED_AS.get(name, name.replace("-", "_")) for name in NAMES}


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_the_lock_has_hashes_and_no_address(path):
    text = path.read_text()
    assert not re.search(r"https?://|--(?:extra-)?index-url ", text)
    for block in re.split(r"\n(?=[a-z0-9])", text):
        assert "==" not in block or "--hash=sha256:" in block or block.startswith("#"), block[:80]
