"""Seeing a submitted version through its checks."""

from pathlib import Path

from django.core.files.storage import default_storage

from catalog.artifacts.storage import key
from governance.validation import work
from governance.validation.actions import submit
from governance.validation.models import CheckResult
from tests.governance.validation.build import ready


def checked(cast, tier="T3", **options):
    """Submit a version and see its run through."""
    version = ready(cast, tier, **options)
    run = submit(version, by=cast.nina)
    work.run_checks(run.pk)
    run.refresh_from_db()
    version.refresh_from_db()
    return run, version


def verdicts(run):
    return dict(CheckResult.objects.filter(run=run).values_list("check_id", "verdict"))


class Broken:
    """A check that stumbles, or gives an answer that is none."""

    id, version, stage, title = "broken", "1", "Security", "A broken check"

    def __init__(self, answer):
        self.answer = answer

    def run(self, subject):
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def spoil(version, path, at=-1):
    """Change one stored byte of a file, as a failing disk does."""
    place = Path(default_storage.path(key(version.files.get(path=path).blob_id)))
    content = bytearray(place.read_bytes())
    content[at] ^= 1
    place.chmod(0o600)
    place.write_bytes(content)
