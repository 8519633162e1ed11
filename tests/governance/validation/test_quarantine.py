"""Quarantine: nobody but security looks in, by saying why; two people let a version out or reject it for good."""

import pytest
from django.db import DatabaseError, transaction

from catalog.registry.states import VersionState
from governance.reviews.actions import condemn_version, quarantine_version, release_version
from governance.reviews.models import Review
from governance.validation import work
from governance.validation.models import CheckResult, Release, ValidationRun
from governance.validation.states import Reason, Verdict
from marketplace.activity.models import Event
from marketplace.errors import Conflict, Invalid, NotAllowed
from marketplace.notifications.models import Notice
from tests.factories import a_version, safetensors
from tests.governance.reviews.conftest import deliver_all
from tests.governance.validation.build import ready
from tests.governance.validation.work.seeing import Broken, checked, verdicts

WHY = "We read every line of it and it is harmless."
FILES = {"model.safetensors": safetensors(5), "convert.py": b"print('hello')\n"}


@pytest.fixture
def locked(cast):
    """A version that its checks quarantined, because a script came along."""
    _, version = checked(cast, files=FILES)
    assert version.state == VersionState.QUARANTINED
    return version


def released(version, *people):
    for person in people:
        release_version(version, reason=WHY, by=person)
    version.refresh_from_db()
    run = ValidationRun.objects.filter(version=version).first()
    work.run_checks(run.pk)
    run.refresh_from_db()
    version.refresh_from_db()
    return run


def test_two_of_security_release_exactly_what_they_looked_at(cast, locked):
    release_version(locked, reason=WHY, by=cast.ada)
    locked.refresh_from_db()
    assert locked.state == VersionState.QUARANTINED, "one is not enough"
    with pytest.raises(Conflict, match="already agreed"):
        release_version(locked, reason=WHY, by=cast.ada)
    run = released(locked, cast.sara)
    assert (run.reason, run.outcome, run.quarantines) == (Reason.RELEASE, Verdict.WARN, False)
    assert {check for check, verdict in verdicts(run).items() if verdict == "warn"} == {"code", "formats", "claims"}
    said = CheckResult.objects.get(run=run, check_id="code")
    assert "Released by security" in said.sentence
    assert said.evidence["released"]["reason"] == WHY
    deliver_all()
    locked.refresh_from_db()
    assert locked.state == VersionState.IN_REVIEW
    assert Review.objects.filter(version=locked).exists()


def test_anything_else_that_is_found_quarantines_again(cast, locked, monkeypatch):
    from governance.validation import checks
    from governance.validation.checks.base import CheckAnswer, Found
    from governance.validation.states import Severity

    evil = Broken(CheckAnswer(Verdict.FAIL, "Evil.", {}, (Found(Severity.CRITICAL, "code", "Another thing.", "convert.py"),), quarantines=True))
    monkeypatch.setattr(checks, "CHECKS", (*checks.CHECKS, evil))
    run = released(locked, cast.ada, cast.sara)
    assert run.quarantines
    assert locked.state == VersionState.QUARANTINED
    with pytest.raises(Conflict):
        _ = condemn_version(locked, reason=WHY, by=cast.ada) and condemn_version(locked, reason=WHY, by=cast.ada)


def test_a_release_counts_for_these_files_only(cast, locked):
    released(locked, cast.ada, cast.sara)
    _, other = checked(cast, files=FILES | {"README.md": b"# Other\n"}, name="another")
    assert other.state == VersionState.QUARANTINED


def test_a_rejection_takes_two_as_well(cast, locked):
    condemn_version(locked, reason=WHY, by=cast.ada)
    release_version(locked, reason=WHY, by=cast.zoe)
    locked.refresh_from_db()
    assert locked.state == VersionState.QUARANTINED, "they do not agree"
    condemn_version(locked, reason=WHY, by=cast.sara)
    locked.refresh_from_db()
    assert locked.state == VersionState.REJECTED


@pytest.mark.parametrize("name", ["nina", "paul", "tess", "gus", "aud", "root", "bea"])
@pytest.mark.parametrize("step", [release_version, condemn_version])
def test_nobody_else_decides_about_quarantine(cast, locked, name, step):
    with pytest.raises(NotAllowed):
        step(locked, reason=WHY, by=cast.people[name])


def test_nobody_releases_their_own_work(cast, locked):
    from marketplace.accounts.actions import add_member

    add_member(locked.model.team, cast.ada, role="viewer", by=cast.paul)
    with pytest.raises(NotAllowed, match="Four-eyes"):
        release_version(locked, reason=WHY, by=cast.ada)


def test_what_is_not_quarantined_or_was_never_submitted_is_not_released(cast, locked):
    version = ready(cast, name="fine")
    with pytest.raises(Conflict, match="not quarantined"):
        release_version(version, reason=WHY, by=cast.ada)
    draft = a_version(version.model, cast.nina, "9.0.0")
    quarantine_version(draft, reason=WHY, by=cast.ada)
    with pytest.raises(Conflict, match="never submitted"):
        release_version(draft, reason=WHY, by=cast.ada)
    with pytest.raises(Invalid):
        release_version(locked, reason="short", by=cast.ada)


def test_what_security_quarantined_itself_is_released_to_ordinary_checks(cast):
    run, version = checked(cast)
    quarantine_version(version, reason=WHY, by=cast.ada)
    again = released(version, cast.sara, cast.zoe)
    assert (again.outcome, version.state) == (Verdict.PASS, VersionState.VALIDATING)
    assert not Release.objects.exists()
    assert again.pk != run.pk


def test_a_release_never_changes(cast, locked):
    released(locked, cast.ada, cast.sara)
    for change in (lambda: Release.objects.update(reason="Other."), lambda: Release.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_security_is_called_and_the_call_is_taken_back(cast, locked):
    deliver_all()
    assert Notice.objects.filter(user=cast.ada, about=f"security:{locked.pk}").exists()
    released(locked, cast.ada, cast.sara)
    deliver_all()
    assert not Notice.objects.filter(about=f"security:{locked.pk}", read_at=None).exists()


def page_of(version):
    return f"/m/{version.model}/v/{version.version}/inspect"


FORM = {"path": "convert.py", "reason": WHY, "knows": "on"}


def test_security_opens_one_file_by_saying_why(cast, signed_in, locked, django_assert_max_num_queries):
    client = signed_in(cast.ada)
    with django_assert_max_num_queries(15):
        assert "These bytes are dangerous" in client.get(page_of(locked)).content.decode()
    answer = client.post(page_of(locked), FORM)
    assert answer.status_code == 303
    got = client.get(answer["Location"])
    assert b"".join(got.streaming_content) == FILES["convert.py"]
    assert "attachment" in got["Content-Disposition"]
    event = Event.objects.get(verb="quarantine.opened")
    assert event.texts.get(field="reason").text == WHY
    assert '"path":"convert.py"' in event.body
    assert Event.objects.filter(verb="bytes.read").count() == 1


@pytest.mark.parametrize("change", [{"reason": "too short"}, {"knows": ""}, {"path": "other.txt"}, {"path": ""}, {"reason": ""}], ids=str)
def test_without_reason_file_or_knowing_nothing_is_opened(cast, signed_in, locked, change):
    assert signed_in(cast.ada).post(page_of(locked), FORM | change).status_code == 422
    assert not Event.objects.filter(verb="quarantine.opened").exists()


@pytest.mark.parametrize("name", ["nina", "paul", "tess", "gus", "aud", "bea", "root"])
def test_nobody_else_looks_in(cast, signed_in, locked, name):
    client = signed_in(cast.people[name])
    assert client.get(page_of(locked)).status_code == 403
    assert client.post(page_of(locked), FORM).status_code == 403


def test_the_link_of_one_is_of_no_use_once_it_was_released(cast, signed_in, locked):
    client = signed_in(cast.ada)
    link = client.post(page_of(locked), FORM)["Location"]
    released(locked, cast.sara, cast.zoe)
    assert client.get(link).status_code in {403, 409}


def test_only_security_is_offered_the_way_in(cast, signed_in, locked):
    page = f"/m/{locked.model}/v/{locked.version}"
    assert "/inspect" in signed_in(cast.ada).get(f"{page}?tab=checks").content.decode() + signed_in(cast.ada).get(page).content.decode()
    assert "/inspect" not in signed_in(cast.nina).get(page).content.decode()
