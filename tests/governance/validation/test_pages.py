"""Pages, fragments and REST of checks: for the right people, live until the end."""

import pytest
from django.template.loader import render_to_string

from governance.policies.actions import ensure_starter
from governance.validation import work
from governance.validation.actions import submit
from governance.validation.checks import CHECKS
from governance.validation.models import ValidationRun
from governance.validation.panels import model_panel, version_panel
from tests.factories import a_file, a_model, a_version
from tests.governance.validation.build import ready

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
    assert f"2 of {len(CHECKS)} checks done" in signed_in(cast.nina).get(f"/checks/{run.pk}").content.decode()


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
    from governance.validation.report import Report, Row

    run = submitted(cast)
    row = Row("Security", "<script>alert(1)</script>", "fail", "x", "high", "<img src=x>", "<b>", "<i>", '{"a": "</pre><script>"}')
    shown = Report(run, "failed", False, [row], [row], 1.0, 0, True, 0, 0, None)
    html = render_to_string("governance/validation/_checks.html", {"report": shown})
    assert "<script>" not in html
    assert "<img" not in html
