"""The pages of access: asking, the inbox, one request, renewing, the rule, use cases."""

import re

import pytest
from django.utils import timezone

from catalog.registry.models import AccessGrant, UseCase
from governance.access.models import AccessPart, AccessRequest
from governance.access.states import PartState
from marketplace.web.states import UNKNOWN, look_of
from tests.factories import a_use_case
from tests.governance.access.conftest import an_approved_model, ask, decide, in_days, rule, the_part


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def wish(model, **more):
    return {
        "use_case": model.use.pk, "who": "team:claims-api", "environment": "test", "data_class": "internal", "until": str(in_days(60)),
    } | more  # fmt: skip


def said(part, **more):
    values = {"step": "owner", "choice": "grant", "until": str(in_days(60)), "environment": "test", "data_class": "internal"} | more
    return {f"p{part.pk}-{key}": value for key, value in values.items()}


def test_the_form_says_who_decides_and_what_is_approved(cast, model, signed_in):
    page = text_of(signed_in(cast.ivo).get(f"/m/{model}/access/new"))
    assert "goes to owners of team finance-ml (Paul, Petra)" in page
    assert "then to data privacy" in page  # it starts from what is approved: personal data
    assert str(model.use) in page


def test_the_line_about_deciders_follows_what_is_chosen(cast, model, signed_in):
    rule(model, cast.paul, is_automatic=True, environment="test")
    chosen = {"use_case": model.use.pk, "who": "team:claims-api", "environment": "test", "data_class": "internal"}
    answer = signed_in(cast.ivo).get(f"/m/{model}/access/new", chosen, headers={"HX-Request": "true"})
    assert "will be granted automatically" in text_of(answer)
    assert b"<html" not in answer.content
    mine = a_use_case(cast.claims_api, cast.ivo, "Claims intake")
    other = signed_in(cast.ivo).get(f"/m/{model}/access/new", chosen | {"use_case": mine.pk})
    assert "is not approved for this" in text_of(other)
    assert "goes to review, not to access" in text_of(other)


def test_sending_leads_to_the_request(cast, model, signed_in):
    answer = signed_in(cast.ivo).post(f"/m/{model}/access/new", wish(model))
    request = AccessRequest.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/access/{request.number}")
    shown = text_of(signed_in(cast.ivo).get(f"/access/{request.number}"))
    assert "Waiting for the owner" in shown
    assert "Can decide: Paul, Petra" in shown


@pytest.mark.parametrize("state", PartState)
def test_every_state_of_a_request_has_a_look(state):
    assert look_of(state) != UNKNOWN


def test_who_asks_for_themselves_reads_what_became_of_it(cast, model, signed_in):
    request = ask([model], cast.bea, user=cast.bea, team=None)
    decide(the_part(request), cast.paul, "deny", reason="Say first for which team.")
    shown = text_of(signed_in(cast.bea).get(f"/access/{request.number}"))
    assert f"Bea asks for access for themselves: {model.use}." in shown
    assert "Denied" in shown


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"until": str(in_days(-1))}, "past"),
        ({"until": str(in_days(999))}, "At most until"),
        ({"until": "soon"}, "valid date"),
        ({"who": "team:sales"}, "Select a valid choice"),
        ({"use_case": "999999"}, "Select a valid choice"),
        ({"also": "secret-lab/nothing"}, "no such model that you can see"),
        ({"renews": "x"}, "whole number"),
    ],
)
def test_what_needs_mending_is_told_and_what_was_typed_stays(cast, model, signed_in, change, words):
    answer = signed_in(cast.ivo).post(f"/m/{model}/access/new", wish(model, note="Kept text") | change)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert b"Kept text" in answer.content
    assert not AccessRequest.objects.exists()


def test_an_answer_that_is_missing_is_asked_for_beside_its_question(cast, model, signed_in):
    rule(model, cast.paul, questions=[{"key": "region", "label": "From where?", "kind": "country", "required": True}])
    answer = signed_in(cast.ivo).post(f"/m/{model}/access/new", wish(model))
    assert answer.status_code == 422
    assert "From where?: This field is required" in text_of(answer)
    sent = signed_in(cast.ivo).post(f"/m/{model}/access/new", wish(model) | {f"q{model.pk}-region": "DE"})
    assert sent.status_code == 303
    assert AccessPart.objects.get().answers == {"region": "DE"}


def test_the_questions_of_further_models_come_back_with_the_form(cast, model, signed_in):
    other = an_approved_model(cast.finance_ml, cast.nina, name="totals")
    rule(other, cast.paul, questions=[{"key": "why", "label": "Why this one?", "kind": "text", "required": True}])
    answer = signed_in(cast.ivo).post(f"/m/{model}/access/new", wish(model, also=str(other)))
    assert answer.status_code == 422
    assert "Why this one? (finance-ml/totals)" in text_of(answer)


def test_what_is_held_already_says_until_when_and_whom_to_ask(cast, model, signed_in):
    decide(the_part(ask(model, cast.ivo)), cast.paul)
    chosen = {key: value for key, value in wish(model).items() if key != "until"}
    page = text_of(signed_in(cast.ivo).get(f"/m/{model}/access/new", chosen))
    assert f"Team claims-api has this already , until {in_days(60):%-d %b %Y}" in page.replace("already,", "already ,")
    assert "Ask Ivo to add you" in page
    assert signed_in(cast.ivo).post(f"/m/{model}/access/new", wish(model, until=str(in_days(20)))).status_code == 409


def test_the_inbox_decides_in_place(cast, model, signed_in):
    part = the_part(ask(model, cast.ivo))
    page = signed_in(cast.paul).get("/access")
    assert part.request.number in text_of(page)
    assert "New team" in text_of(page)
    answer = signed_in(cast.paul).post(f"/access/{part.request}/parts/{model}/decide", said(part) | {"from": "inbox"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/access")
    assert "Granted" in text_of(signed_in(cast.paul).get("/access?tab=decided"))
    assert f"/access/{part.request}" in signed_in(cast.ivo).get("/me/access").content.decode()


def test_whoever_is_too_late_reads_it_and_keeps_what_was_typed(cast, model, signed_in):
    part = the_part(ask(model, cast.ivo))
    decide(part, cast.petra)
    answer = signed_in(cast.paul).post(f"/access/{part.request}/parts/{model}/decide", said(part, choice="deny", reason="No, not this."))
    assert answer.status_code == 409
    assert "somebody was faster" in text_of(answer)


def test_a_decision_that_needs_mending_keeps_its_text(cast, model, signed_in):
    part = the_part(ask(model, cast.ivo))
    answer = signed_in(cast.paul).post(f"/access/{part.request}/parts/{model}/decide", said(part, until=str(in_days(61)), reason="Kept words"))
    assert answer.status_code == 422
    assert "only be shortened" in text_of(answer)
    assert b"Kept words" in answer.content


def test_several_are_granted_together(cast, model, signed_in):
    parts = [the_part(ask(model, cast.ivo)), the_part(ask(model, cast.sonja))]
    assert b"Grant the chosen" in signed_in(cast.paul).get("/access").content
    assert signed_in(cast.paul).post("/access/together", {"part": [p.pk for p in parts]}).status_code == 303
    assert AccessGrant.objects.filter(team__in=[cast.claims_api, cast.sales]).count() == 2
    assert signed_in(cast.bea).post("/access/together", {"part": [parts[0].pk]}).status_code == 404


def test_a_question_is_answered_on_the_page(cast, model, signed_in):
    part = the_part(ask(model, cast.ivo))
    decide(part, cast.paul, "ask", reason="How many a day, please?")
    assert "How many a day" in text_of(signed_in(cast.ivo).get(f"/access/{part.request}"))
    assert signed_in(cast.ivo).post(f"/access/{part.request}/parts/{model}/answer", {"text": " "}).status_code == 422
    assert signed_in(cast.ivo).post(f"/access/{part.request}/parts/{model}/answer", {"text": "Ten."}).status_code == 303
    assert "Ten." in text_of(signed_in(cast.paul).get(f"/access/{part.request}"))


def test_renewing_takes_two_clicks(cast, model, signed_in):
    rule(model, cast.paul, questions=[{"key": "why", "label": "Why?", "kind": "text", "required": True}])
    decide(the_part(ask(model, cast.ivo, answers={str(model): {"why": "Claims"}})), cast.paul)
    grant = AccessGrant.objects.get(team=cast.claims_api)
    page = signed_in(cast.ivo).get("/me/access").content.decode()
    link = f"/m/{model}/access/new?renews={grant.pk}"
    assert link in page
    form = signed_in(cast.ivo).get(link).context["form"]
    filled = {name: form.initial.get(name, "") for name in form.fields}
    sent = signed_in(cast.ivo).post(f"/m/{model}/access/new", {k: str(v) for k, v in filled.items() if v})
    assert sent.status_code == 303, text_of(sent)
    assert AccessRequest.objects.latest("pk").renews == grant
    assert signed_in(cast.bea).get(link).status_code == 404


def test_still_needed_and_given_back_on_my_access(cast, model, signed_in):
    decide(the_part(ask(model, cast.ivo)), cast.paul)
    grant = AccessGrant.objects.get(team=cast.claims_api)
    AccessGrant.objects.filter(pk=grant.pk).update(confirm_by=timezone.now() + timezone.timedelta(days=5))
    assert "Still needed?" in text_of(signed_in(cast.ivo).get("/me/access"))
    assert signed_in(cast.ivo).post(f"/me/access/{grant.pk}/confirm").status_code == 303
    grant.refresh_from_db()
    assert grant.confirm_by is None
    assert signed_in(cast.bea).post(f"/me/access/{grant.pk}/give-back").status_code == 404
    assert signed_in(cast.ivo).post(f"/me/access/{grant.pk}/give-back").status_code == 303
    assert signed_in(cast.ivo).post(f"/me/access/{grant.pk}/give-back").status_code == 404


def test_owners_set_the_rule_with_questions(cast, model, signed_in):
    base = {"is_automatic": "on", "environment": "test", "data_class": "internal", "review_days": "90", "longest_days": ""}
    first = {
        "question0-label": "From where do they come?",
        "question0-kind": "choice",
        "question0-options": "Here\nThere",
        "question0-required": "on",
    }
    assert signed_in(cast.paul).post(f"/m/{model}/settings/access", base | first).status_code == 303
    model.refresh_from_db()
    [question] = model.access_rule.questions
    assert (question["key"], question["options"]) == ("from_where_do_they_come", ["Here", "There"])
    wrong = signed_in(cast.paul).post(f"/m/{model}/settings/access", base | first | {"question0-options": ""})
    assert wrong.status_code == 422
    assert "options" in text_of(wrong)
    assert signed_in(cast.nina).get(f"/m/{model}/settings/access").status_code == 403


def test_a_team_names_changes_and_closes_its_use_cases(cast, model, signed_in):
    sent = signed_in(cast.ivo).post("/teams/claims-api/use-cases/new", {"name": "Claims intake", "data_class": "internal"})
    assert sent.status_code == 303
    made = UseCase.objects.get(name="Claims intake")
    assert "Claims intake" in text_of(signed_in(cast.ivo).get("/teams/claims-api"))
    assert "Claims intake" not in text_of(signed_in(cast.bea).get("/teams/claims-api"))
    at = f"/teams/claims-api/use-cases/{made.pk}"
    assert signed_in(cast.ivo).post(at, {"name": "Claims", "data_class": "personal", "owner": "ivo"}).status_code == 303
    made.refresh_from_db()
    assert (made.name, made.data_class, made.is_open) == ("Claims", "personal", False)
    assert signed_in(cast.ivo).post(at, {"name": "", "data_class": "personal", "owner": "ivo"}).status_code == 422
    assert signed_in(cast.bea).get(at).status_code == 404


def test_the_model_page_asks_for_access(cast, model, signed_in):
    assert f"/m/{model}/access/new" in signed_in(cast.ivo).get(f"/m/{model}").content.decode()


def test_every_state_of_a_request_has_a_face():
    assert UNKNOWN not in {look_of(state) for state in PartState}
