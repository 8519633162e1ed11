"""The page of a model: what it says to whom, its tabs, and what its team changes there."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from catalog.registry.actions import bring_in, give_grant, move_version, set_alias
from catalog.registry.models import AccessGrant, RegisteredModel
from catalog.registry.states import VersionState
from tests.factories import a_model, a_submitted_version, a_use_case, a_version, an_approved_version

FRAGMENT = {"HX-Request": "true", "HX-Target": "tab"}


@pytest.fixture
def fields(cast):
    """A model that its team may use."""
    model = a_model(cast.finance_ml, cast.nina, "Fields", license="apache-2.0", tags=["invoice"])
    an_approved_version(model, cast.nina)
    return model


def text_of(answer):
    return " ".join(answer.content.decode().split())


def grant_to(model, team, by):
    approval = model.versions.get().approvals.get()
    return give_grant(model, team=team, use_case=approval.use_case, until=timezone.now() + timedelta(days=20), by=by)


def test_the_head_says_to_each_what_they_may_do(cast, fields, signed_in):
    mine = text_of(signed_in(cast.nina).get("/m/finance-ml/Fields"))
    assert "Approved for you" in mine
    assert 'href="/m/finance-ml/Fields/use"' in mine
    others = text_of(signed_in(cast.bea).get("/m/finance-ml/Fields"))
    assert "Approved, needs access" in others
    assert "Paul, Petra" in others
    assert "/use" not in others
    assert "Accountable: Nina" in others
    assert "apache-2.0" in others
    assert 'id="tab-settings"' not in others


def test_unknown_things_are_called_unknown(cast, signed_in):
    a_version(a_model(cast.finance_ml, cast.nina, "bare", summary=""), cast.nina)
    seen = text_of(signed_in(cast.bea).get("/m/finance-ml/bare"))
    for words in ("Tier unknown", "Unknown license", "What it is for was not said yet.", "Not approved yet"):
        assert words in seen


def test_another_spelling_leads_to_the_stored_one(cast, fields, signed_in):
    client = signed_in(cast.bea)
    answer = client.get("/m/FINANCE-ml/fields/versions?x=1")
    assert (answer.status_code, answer["Location"]) == (301, "/m/finance-ml/Fields/versions?x=1")
    assert client.get("/m/finance-ml/fields/v/1.0.0")["Location"] == "/m/finance-ml/Fields/v/1.0.0"
    assert client.get("/m/secret-lab/fields").status_code == 404


def test_a_hidden_model_is_as_missing_as_one_that_never_was(cast, signed_in):
    a_model(cast.secret_lab, cast.sam, "falcon-x", visibility="team")
    client = signed_in(cast.bea)
    for path in ("", "/versions", "/settings", "/use", "/v/1.0.0"):
        assert client.get(f"/m/secret-lab/falcon-x{path}").status_code == 404
        assert client.get(f"/m/SECRET-lab/Falcon-X{path}").status_code == 404
    for path in ("bring-in", "settings/facts", "settings/grants", "settings/aliases", "versions/new", "v/1/copy"):
        assert client.post(f"/m/secret-lab/falcon-x/{path}", {"reason": "x"}).status_code == 404


@pytest.mark.parametrize("tab", ["card", "versions", "files", "use", "governance", "checks", "usage", "settings"])
def test_each_tab_is_an_address_and_a_fragment(cast, fields, signed_in, tab):
    client = signed_in(cast.paul)
    path = "/m/finance-ml/Fields" + ("" if tab == "card" else f"/{tab}")
    whole = client.get(path)
    assert whole.status_code == 200
    assert f'id="tab-{tab}"' in whole.content.decode()
    part = client.get(path, headers=FRAGMENT)
    assert part.content.decode().lstrip().startswith("{#") is False
    assert "<html" not in part.content.decode()
    assert 'aria-current="page"' in part.content.decode()
    assert "HX-Request" in part["Vary"]


def test_a_tab_without_content_is_not_there(cast, signed_in):
    a_model(cast.finance_ml, cast.nina, "empty")
    client = signed_in(cast.bea)
    seen = client.get("/m/finance-ml/empty").content.decode()
    for tab in ("versions", "files", "use", "governance", "checks", "usage", "settings"):
        assert f'id="tab-{tab}"' not in seen
    assert client.get("/m/finance-ml/empty/files").status_code == 404
    assert client.get("/m/finance-ml/empty/no-such-tab").status_code == 404
    assert client.get("/m/finance-ml/empty/settings").status_code == 403
    assert "cannot use" in text_of(client.get("/m/finance-ml/empty/use"))


def test_files_have_links_only_for_those_the_gate_lets_through(cast, fields, signed_in):
    mine = text_of(signed_in(cast.nina).get("/m/finance-ml/Fields/files"))
    assert "/api/v1/models/finance-ml/Fields/versions/1.0.0/files/model.safetensors" in mine
    others = text_of(signed_in(cast.bea).get("/m/finance-ml/Fields/files"))
    assert "files/model.safetensors" not in others
    assert "is approved, but you have no access to it" in others
    grant_to(fields, cast.sales, cast.paul)
    assert "files/model.safetensors" in text_of(signed_in(cast.bea).get("/m/finance-ml/Fields/files"))


def test_suspended_and_rejected_say_why_and_offer_no_use(cast, fields, signed_in):
    version = fields.versions.get()
    with transaction.atomic():
        move_version(version, VersionState.SUSPENDED, verb="version.suspended", by=cast.ada, note="Leaks numbers.")
    seen = text_of(signed_in(cast.nina).get("/m/finance-ml/Fields"))
    assert "Version 1.0.0 is suspended." in seen
    assert "Leaks numbers." in seen
    assert "/use" not in seen
    rejected = a_model(cast.hr_ml, cast.hugo, "cv-ranker")
    with transaction.atomic():
        version = move_version(a_submitted_version(rejected, cast.hugo), VersionState.IN_REVIEW, verb="version.review_opened", by=None)
        move_version(version, VersionState.REJECTED, verb="version.rejected", by=None, note="Discrimination risk.")
    seen = text_of(signed_in(cast.bea).get("/m/hr-ml/cv-ranker"))
    assert "Discrimination risk." in seen
    assert "Use this model" not in seen
    assert "See why not" in seen


def test_a_deprecated_version_names_its_successor_only_to_those_who_see_it(cast, fields, signed_in):
    hidden = a_model(cast.secret_lab, cast.sam, "falcon-x", visibility="team")
    successor = a_version(hidden, cast.sam)
    with transaction.atomic():
        move_version(
            fields.versions.get(), VersionState.DEPRECATED, verb="version.deprecated", by=cast.paul, note="Old.", successor=successor,
            sunset_at=date(2030, 1, 31),
        )  # fmt: skip
    seen = text_of(signed_in(cast.bea).get("/m/finance-ml/Fields"))
    assert "Version 1.0.0 is deprecated." in seen
    assert "31 Jan 2030" in seen
    assert "falcon-x" not in seen


def test_a_listed_model_is_asked_for_and_the_owner_reads_why(cast, signed_in):
    model = a_model(cast.finance_ml, cast.nina, "listed")
    RegisteredModel.objects.filter(pk=model.pk).update(state="listed")
    client = signed_in(cast.bea)
    seen = text_of(client.get("/m/finance-ml/listed"))
    assert "Known, not brought in: no files here." in seen
    assert "Pulls, 30 days" not in seen
    empty = client.post("/m/finance-ml/listed/bring-in", {"reason": " "})
    assert empty.status_code == 422
    assert "This field is required" in text_of(empty)
    assert client.post("/m/finance-ml/listed/bring-in", {"reason": "For <b>claims</b>"})["Location"] == "/m/finance-ml/listed"
    told = text_of(signed_in(cast.paul).get("/m/finance-ml/listed/settings"))
    assert "For &lt;b&gt;claims&lt;/b&gt;" in told
    assert "Bea" in told


def test_the_requests_are_answered_when_a_version_is_added(cast, signed_in, django_capture_on_commit_callbacks):
    from catalog.registry.notices import tell_askers, tell_owners
    from marketplace.activity.queries import events_about
    from marketplace.notifications.models import Notice

    def record_of(thing, verb):
        return events_about(thing).filter(verb=verb).get()

    model = a_model(cast.finance_ml, cast.nina, "listed")
    RegisteredModel.objects.filter(pk=model.pk).update(state="listed")
    bring_in(RegisteredModel.objects.get(pk=model.pk), by=cast.bea, reason="Claims.")
    hidden = a_model(cast.finance_ml, cast.nina, "hidden")
    RegisteredModel.objects.filter(pk=hidden.pk).update(state="listed")
    bring_in(RegisteredModel.objects.get(pk=hidden.pk), by=cast.bea, reason="Claims.")
    RegisteredModel.objects.filter(pk=hidden.pk).update(visibility="team")
    assert not tell_askers(record_of(a_version(RegisteredModel.objects.get(pk=hidden.pk), cast.nina), "version.added"))
    assert tell_owners(record_of(model, "model.brought_in")) == 2
    answer = signed_in(cast.paul).post("/m/finance-ml/listed/versions/new", {"version": "1.0.0"})
    assert answer["Location"] == "/m/finance-ml/listed/v/1.0.0"
    tell_askers(record_of(model.versions.get(), "version.added"))
    assert Notice.objects.filter(user=cast.bea, read_at=None).get().url == "/m/finance-ml/listed"
    assert not Notice.objects.filter(user=cast.paul, read_at=None, level="needs_you").exists()


def test_the_team_changes_facts_and_only_owners_who_knows_of_it(cast, fields, signed_in):
    form = {"summary": "Reads totals.", "tags": "a, b ,a,,", "license": "mit"}
    path = "/m/finance-ml/Fields/settings/facts"
    assert signed_in(cast.bea).post(path, form).status_code == 403
    assert signed_in(cast.nina).post(path, form | {"accountable": "petra"}).status_code == 303
    model = RegisteredModel.objects.get(pk=fields.pk)
    assert (model.summary, model.tags, model.visibility, model.accountable) == ("Reads totals.", ["a", "b"], "organization", cast.nina)
    wrong = signed_in(cast.paul).post(path, form | {"accountable": "nobody"})
    assert wrong.status_code == 422
    assert "no accountable named nobody" in text_of(wrong) or "There is no" in text_of(wrong)
    assert signed_in(cast.paul).post(path, form | {"accountable": "petra"}).status_code == 303
    sharing = "/m/finance-ml/Fields/settings/sharing"
    assert signed_in(cast.nina).post(sharing, {"visibility": "team"}).status_code == 403
    assert signed_in(cast.paul).post(sharing, {"visibility": "team"}).status_code == 303
    assert signed_in(cast.bea).get("/m/finance-ml/Fields").status_code == 404


def test_an_owner_gives_a_grant_and_ends_it(cast, fields, signed_in):
    use_case = fields.versions.get().use_case
    path = "/m/finance-ml/Fields/settings/grants"
    form = {
        "team": "claims-api",
        "use_case": use_case.pk,
        "environment": "production",
        "data_class": "internal",
        "until": f"{timezone.now() + timedelta(days=90):%Y-%m-%d}",
    }
    assert signed_in(cast.nina).post(path, form).status_code == 403
    client = signed_in(cast.paul)
    foreign = a_use_case(cast.claims_api, cast.ivo)
    for wrong in (
        {"user": "ivo"},
        {"team": ""},
        {"team": "no-team"},
        {"until": "2001-01-01"},
        {"until": "2099-01-31"},
        {"until": "soon"},
        {"use_case": foreign.pk},
    ):
        answer = client.post(path, form | wrong)
        assert answer.status_code == 422
        assert "needs mending" in text_of(answer) or "need mending" in text_of(answer)
    assert client.post(path, form)["Location"] == "/m/finance-ml/Fields/settings"
    grant = AccessGrant.objects.get(team=cast.claims_api)
    assert "claims-api" in text_of(client.get("/m/finance-ml/Fields/settings"))
    assert signed_in(cast.ci_claims).post(f"{path}/{grant.pk}/end").status_code == 403
    assert signed_in(cast.bea).post(f"{path}/{grant.pk}/end").status_code == 404
    assert signed_in(cast.paul).post(f"{path}/{grant.pk}/end").status_code == 303
    grant.refresh_from_db()
    assert grant.ended_at is not None


def test_aliases_are_set_moved_and_removed(cast, fields, signed_in):
    path = "/m/finance-ml/Fields/settings/aliases"
    assert signed_in(cast.bea).post(path, {"alias": "x", "version": "1.0.0"}).status_code == 403
    client = signed_in(cast.nina)
    assert client.post(path, {"alias": "x y", "version": "1.0.0"}).status_code == 422
    assert client.post(path, {"alias": "x", "version": "9"}).status_code == 422
    assert client.post(path, {"alias": "latest-good", "version": "1.0.0"}).status_code == 303
    assert client.post(path, {"alias": "production", "version": "1.0.0"}).status_code == 403
    seen = text_of(signed_in(cast.bea).get("/m/finance-ml/Fields"))
    assert "@latest-good" in seen
    assert signed_in(cast.nina).post(f"{path}/latest-good/remove").status_code == 303
    assert signed_in(cast.nina).post(f"{path}/latest-good/remove").status_code == 404


def test_the_shown_version_is_the_usable_one_not_the_newest(cast, fields, signed_in):
    a_version(fields, cast.nina, "2.0.0-rc1")
    seen = text_of(signed_in(cast.bea).get("/m/finance-ml/Fields"))
    assert 'href="/m/finance-ml/Fields/v/1.0.0"' in seen
    assert 'href="/m/finance-ml/Fields/v/2.0.0-rc1"' not in seen
    second = an_approved_version(fields, cast.nina, "2.0.0")
    assert 'href="/m/finance-ml/Fields/v/2.0.0"' in text_of(signed_in(cast.bea).get("/m/finance-ml/Fields"))
    set_alias(fields, "production", fields.versions.get(version="1.0.0"), by=cast.paul)
    assert second.version == "2.0.0"
    assert 'href="/m/finance-ml/Fields/v/1.0.0"' in text_of(signed_in(cast.bea).get("/m/finance-ml/Fields"))


@pytest.mark.parametrize("tab", ["", "/versions", "/files", "/settings", "/governance"])
def test_more_versions_cost_no_more_queries(cast, fields, signed_in, django_assert_max_num_queries, tab):
    client = signed_in(cast.paul)
    client.get(f"/m/finance-ml/Fields{tab}")
    for number in range(2, 8):
        an_approved_version(fields, cast.nina, f"{number}.0.0")
    with django_assert_max_num_queries(50):
        client.get(f"/m/finance-ml/Fields{tab}")
