"""Pages, fragments and REST of checks: for the right people, live until the end."""

import pytest
from django.template.loader import render_to_string

from catalog.registry.actions import change_version
from governance.policies.actions import ensure_starter
from governance.validation import checks, work
from governance.validation.actions import submit
from governance.validation.checks.base import CheckAnswer
from governance.validation.models import ValidationRun
from governance.validation.panels import model_panel, version_panel
from governance.validation.states import Verdict
from tests.factories import a_file, a_model, a_version, safetensors
from tests.governance.validation.build import ready
from tests.governance.validation.work.seeing import Broken

HTMX = {"HX-Request": "true"}


def submitted(cast, *, through=True, **options):
    run = submit(ready(cast, **options), by=cast.nina)
    if through:
        work.run_checks(run.pk)
        run.refresh_from_db()
    return run


def test_a_run_under_way_asks_for_itself_until_it_ends(cast, signed_in):
    run = submitted(cast, through=False)
    client = signed_in(cast.nina)
    page = client.get(f"/checks/{run.pk}").content.decode()
    assert 'hx-trigger="every 2s"' in page
    assert "it is next" in page
    fragment = client.get(f"/checks/{run.pk}", headers=HTMX)
    assert fragment.status_code == 200
    assert "<html" not in fragment.content.decode()
    work.run_checks(run.pk)
    last = client.get(f"/checks/{run.pk}", headers=HTMX)
    assert last.status_code == 286
    assert "hx-trigger" not in last.content.decode()
    assert client.get(f"/checks/{run.pk}").status_code == 200


def test_progress_is_shown_check_by_check(cast, signed_in):
    run = submitted(cast, through=False)
    ValidationRun.objects.filter(pk=run.pk).update(state="running", done=2, attempts=1)
    assert f"2 of {run.total} checks done" in signed_in(cast.nina).get(f"/checks/{run.pk}").content.decode()


@pytest.mark.parametrize(
    ("files", "word"),
    [
        (None, "Every check that applies has passed"),
        ({"run.py": b"print(1)\n"}, "The bytes are locked"),
        ({"model.safetensors": b"\x08\x00\x00\x00\x00\x00\x00\x00{}"}, "Mend what is listed"),
    ],
)
def test_each_outcome_says_what_to_do(cast, signed_in, files, word):
    run = submitted(cast, files=files)
    assert word in signed_in(cast.nina).get(f"/checks/{run.pk}").content.decode()


def test_could_not_run_is_amber_and_never_passed(cast, signed_in):
    run = submitted(cast)
    ValidationRun.objects.filter(pk=run.pk).update(outcome="error")
    page = signed_in(cast.nina).get(f"/checks/{run.pk}").content.decode()
    assert "Could not run" in page
    assert "badge warning" in page
    assert "from its review" not in page


def test_others_see_what_was_found_but_neither_place_nor_evidence(cast, signed_in, client, token_of):
    run = submitted(cast, files={"inner/run.py": b"print(1)\n"})
    version = run.version
    outsider = signed_in(cast.bea).get(f"/checks/{run.pk}").content.decode()
    assert "inner/run.py" not in outsider
    assert "could run code" in outsider
    assert "inner/run.py" in signed_in(cast.nina).get(f"/checks/{run.pk}").content.decode()
    client.logout()
    path = f"/api/v1/models/{version.model}/versions/{version.version}/checks"
    for who, sees in ((cast.bea, False), (cast.nina, True), (cast.aud, True)):
        body = client.get(path, headers=token_of(who, "read")).json()
        assert body["latest"]["outcome"] == "fail"
        assert body["latest"]["quarantined"] is True
        assert ("inner/run.py" in str(body["latest"]["checks"])) is sees


def test_a_hidden_run_is_not_found(cast, signed_in, client, token_of):
    run = submitted(cast, visibility="team")
    version = run.version
    assert signed_in(cast.stan).get(f"/checks/{run.pk}").status_code == 404
    client.logout()
    for tail in ("checks", "submit"):
        path = f"/api/v1/models/{version.model}/versions/{version.version}/{tail}"
        send = client.get if tail == "checks" else lambda address, **more: client.post(address, {}, content_type="application/json", **more)
        assert send(path, headers=token_of(cast.stan)).status_code == 404


@pytest.mark.parametrize("number", [0, 999_999_999, 2**63, 10**30])
def test_an_unknown_run_is_not_found(cast, signed_in, number):
    assert signed_in(cast.nina).get(f"/checks/{number}").status_code == 404


def test_nobody_without_signing_in(cast, client):
    run = submitted(cast, through=False)
    assert client.get(f"/checks/{run.pk}").status_code == 302


def post(client, version, header, body=None):
    path = f"/api/v1/models/{version.model}/versions/{version.version}/submit"
    return client.post(path, {} if body is None else body, content_type="application/json", headers=header)


def test_a_machine_submits_and_sees_every_missing_field(cast, client, token_of):
    ensure_starter()
    header = token_of(cast.nina)
    bare = a_version(a_model(cast.finance_ml, cast.nina), cast.nina)
    refused = post(client, bare, header)
    assert refused.status_code == 422
    assert {"files", "use_case", "answers.exposure", "card.risk.limitations"} <= refused.json()["errors"].keys()
    version = ready(cast)
    done = post(client, version, header)
    assert done.status_code == 202
    assert (done.json()["tier"], done.json()["state"], done.json()["run"]["state"]) == ("T3", "validating", "waiting")
    assert post(client, version, header).status_code == 409
    assert post(client, version, header, {"tier": "T4"}).status_code == 422
    assert post(client, version, token_of(cast.nina, "read")).status_code == 403
    assert post(client, version, token_of(cast.bea)).status_code == 403


def test_checks_of_a_version_that_was_never_submitted(cast, client, token_of):
    version = ready(cast)
    body = client.get(f"/api/v1/models/{version.model}/versions/{version.version}/checks", headers=token_of(cast.nina)).json()
    assert (body["latest"], body["runs"], body["state"]) == (None, [], "draft")


def panel(render, user, thing, rf):
    request = rf.get("/")
    request.user = user
    return render(request, thing)


def test_panels_show_what_is_missing_and_then_the_run(cast, rf):
    ensure_starter()
    version = a_version(a_model(cast.finance_ml, cast.nina), cast.nina)
    assert "See what is missing" in panel(version_panel, cast.nina, version, rf)
    assert "No check has run yet" in panel(version_panel, cast.bea, version, rf)
    assert "No check has run yet" in panel(model_panel, cast.bea, version.model, rf)
    a_file(version, by=cast.nina)
    run = submitted(cast)
    run.version.refresh_from_db()
    for render, thing in ((version_panel, run.version), (model_panel, run.version.model)):
        assert f"Run {run.pk}" in panel(render, cast.bea, thing, rf)


def test_evidence_of_a_hostile_name_is_escaped(cast):
    from governance.validation.queries import Change
    from governance.validation.report import Report, Row, Stage

    run = submitted(cast)
    row = Row("Security", "<script>alert(1)</script>", "fail", "x", "high", "<img src=x>", "<b>", "<i>", '{"a": "</pre><script>"}')
    shown = Report(
        run=run,
        look="failed",
        is_live=False,
        stages=[Stage("<b>Security</b>", "fail", "<i>1 check</i>")],
        findings=[row],
        open=[row],
        passed=[row],
        seconds=1.0,
        ahead=0,
        sees_evidence=True,
        profiles=["<i>"],
        fixed=[row],
        new=0,
        changed=[Change("<b>", "x", "pass", "fail")],
        before=run.pk,
        before_version="<b>",
    )
    html = render_to_string("governance/validation/_checks.html", {"report": shown})
    assert "<script>" not in html
    assert "<img" not in html


STAGE_NAMES = ("Intake", "Integrity", "Security", "Identity", "Licence", "Card", "Function", "Summary")


def test_every_stage_says_in_words_how_far_it_is(cast, signed_in):
    run = submitted(cast, through=False)
    client = signed_in(cast.nina)
    waiting = client.get(f"/checks/{run.pk}").content.decode()
    assert all(f"<strong>{name}</strong>" in waiting for name in STAGE_NAMES)
    assert "Pickles only after review" in waiting, "what is still to come is listed"
    work.take(run.pk)
    ValidationRun.objects.filter(pk=run.pk).update(stage="Security")
    running = client.get(f"/checks/{run.pk}").content.decode()
    assert 'aria-current="step"' in running
    assert f"0 of {sum(check.stage == 'Security' for check in checks.CHECKS)} checks" in running
    ValidationRun.objects.filter(pk=run.pk).update(lease_until=None, state="waiting")
    work.run_checks(run.pk)
    done = client.get(f"/checks/{run.pk}").content.decode()
    assert "Nothing to check" in done
    assert 'aria-current="step"' not in done.partition("<ol")[2].partition("</ol>")[0]


def test_passed_checks_keep_their_evidence_and_raw_output(cast, signed_in):
    run = submitted(cast)
    client = signed_in(cast.nina)
    page = client.get(f"/checks/{run.pk}").content.decode()
    assert f"{run.total} checks passed or not applicable" in page
    assert f"/checks/{run.pk}/raw/formats" in page
    assert "Files read under" in page
    raw = client.get(f"/checks/{run.pk}/raw/formats")
    assert raw["Content-Type"] == "application/json"
    assert raw.json()["evidence"]["files"][0]["path"] == "model.safetensors"
    assert "Content-Disposition" not in raw
    assert "attachment" in client.get(f"/checks/{run.pk}/raw/formats?download")["Content-Disposition"]
    assert client.get(f"/checks/{run.pk}/raw/nothing").status_code == 404
    assert signed_in(cast.bea).get(f"/checks/{run.pk}/raw/formats").status_code == 403


def test_without_a_sandbox_the_page_says_so_loudly(cast, signed_in, settings):
    settings.SANDBOX_PROFILE, settings.ALLOW_UNSANDBOXED_SCAN = "service", True
    run = submitted(cast)
    page = signed_in(cast.bea).get(f"/checks/{run.pk}").content.decode()
    assert "Read without a sandbox." in page
    assert "note danger" in page


def test_another_version_is_compared_with_the_one_before(cast, signed_in):
    bad = submitted(cast, files={"model.pkl": b"cos\nsystem\n(S'id'\ntR."}, name="sorter")
    model = bad.version.model
    fixed = a_version(model, cast.nina, "2.0.0")
    a_file(fixed, safetensors(3), "model.safetensors", by=cast.nina)
    fixed = change_version(fixed, by=cast.nina, use_case=bad.version.use_case, answers=bad.version.answers)
    run = submit(fixed, by=cast.nina)
    work.run_checks(run.pk)
    page = signed_in(cast.nina).get(f"/checks/{run.pk}").content.decode()
    assert f"Run {bad.pk}</a> of version 1.0.0" in page
    assert "1 finding fixed" in page or "findings fixed" in page
    assert "Checks with another verdict" in page
    assert "model.pkl" in page


@pytest.mark.parametrize("verdict", ["error", "fail", "warn"])
def test_what_did_not_pass_is_green_nowhere(cast, signed_in, client, token_of, monkeypatch, verdict):
    broken = Broken(CheckAnswer(Verdict(verdict), "So it is."))
    monkeypatch.setattr(checks, "CHECKS", (broken,))
    run = submitted(cast)
    version = run.version
    reader = signed_in(cast.nina)
    for address in (f"/checks/{run.pk}", f"/m/{version.model}/v/{version.version}", f"/m/{version.model}"):
        page = reader.get(address).content.decode()
        assert "badge success" not in page.replace("Read without", ""), address
        assert "Every check that applies has passed" not in page
    client.logout()
    body = client.get(f"/api/v1/models/{version.model}/versions/{version.version}/checks", headers=token_of(cast.nina, "read")).json()
    assert (body["latest"]["outcome"], body["latest"]["checks"][0]["verdict"]) == (verdict, verdict)
