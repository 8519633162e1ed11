"""Publishing step by step: from a name to a submitted version, with what the files tell filled in."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.artifacts.queries import files_of
from catalog.cards.queries import current_card
from catalog.registry.models import ModelVersion, UseCase
from governance.policies.actions import ensure_starter
from governance.validation.models import ValidationRun
from tests import factories as make

CONFIG = {"architectures": ["BertForSequenceClassification"], "model_type": "bert", "transformers_version": "4.40.0"}
START = {
    "team": "finance-ml", "name": "invoice-fields", "version": "1.0.0", "summary": "Reads the fields of an invoice.", "kind": "files",
    "origin": "internal",
}  # fmt: skip
ANSWERS = {
    "answers.data_class": "internal", "answers.affected": "employees", "answers.autonomy": "human_in_loop", "answers.exposure": "low",
    "answers.purpose": "internal", "answers.scope": "minimal",
}  # fmt: skip
FRAGMENT = {"HX-Request": "true"}
DRAFT = "/m/finance-ml/invoice-fields/v/1.0.0/publish"


@pytest.fixture
def browse(signed_in, cast):
    ensure_starter()
    return signed_in(cast.nina)


@pytest.fixture
def draft(cast, browse):
    return make.a_version(make.a_model(cast.finance_ml, cast.nina, "invoice-fields"), cast.nina)


def bring(browse, *files):
    uploads = [SimpleUploadedFile(name, content) for name, content in files]
    return browse.post(f"{DRAFT}/files", {"files": uploads})


def typed(answer):
    form = answer.context["form"]
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    return sent | {"revision": answer.context["about"].number}


@pytest.mark.django_db
class TestStart:
    def test_a_name_is_enough_to_begin(self, browse):
        assert "Start" in browse.get("/models/new").content.decode()
        answer = browse.post("/models/new", START)
        assert (answer.status_code, answer["Location"]) == (303, f"{DRAFT}/files")
        assert ModelVersion.objects.get(model__name="invoice-fields").model.summary == START["summary"]

    def test_a_draft_is_offered_again(self, browse, draft):
        assert f"{DRAFT}/files" in browse.get("/models/new").content.decode()

    @pytest.mark.parametrize(
        ("change", "words"),
        [({"name": "../etc"}, "Name:"), ({"team": "sales"}, "Team:"), ({"summary": ""}, "What it is for:"), ({"version": "a/b"}, "Version:")],
    )
    def test_wrong_input_is_named_and_kept(self, browse, change, words):
        answer = browse.post("/models/new", START | change)
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert not ModelVersion.objects.filter(model__name="invoice-fields").exists()

    def test_a_taken_name_leads_to_words(self, browse, draft):
        answer = browse.post("/models/new", START)
        assert answer.status_code == 422
        assert "already has a model named" in answer.content.decode()

    def test_who_publishes_for_no_team_reads_how_to(self, signed_in, cast):
        assert "You publish for no team yet" in signed_in(cast.stan).get("/models/new").content.decode()

    def test_a_service_is_described_instead_of_uploaded(self, browse):
        answer = browse.post("/models/new", START | {"kind": "hosted", "origin": "vendor"})
        assert answer["Location"] == "/models/new?model=finance-ml/invoice-fields&version=1.0.0"
        said = {"version": "1.0.0", "provider": "Acme", "endpoint": "https://api.example.com", "snapshot": "m-1", "region": "EU", "contract": "C-1"}
        assert browse.post(answer["Location"], said | {"region": ""}).status_code == 422
        assert browse.post(answer["Location"], said)["Location"] == f"{DRAFT}/about"
        assert browse.post(f"{DRAFT}/files", said | {"region": "US"})["Location"] == f"{DRAFT}/about"
        assert ModelVersion.objects.get(model__name="invoice-fields").descriptor["region"] == "US"
        assert "What the files tell" not in browse.get(f"{DRAFT}/about").content.decode()

    def test_another_version_of_a_model_counts_on(self, browse, draft):
        answer = browse.get("/models/new?model=finance-ml/invoice-fields")
        assert 'value="1.0.1"' in answer.content.decode()
        assert browse.post("/models/new?model=finance-ml/invoice-fields", {"version": "1.0.0"}).status_code == 422
        assert browse.post("/models/new?model=finance-ml/invoice-fields", {"version": "2.0.0"}).status_code == 303


@pytest.mark.django_db
class TestFiles:
    def test_files_come_with_the_form_when_there_is_no_javascript(self, browse, draft):
        assert bring(browse, ("model.safetensors", make.safetensors()), ("config.json", b"{}"))["Location"] == f"{DRAFT}/files"
        assert [file.path for file in files_of(draft)] == ["config.json", "model.safetensors"]
        text = browse.get(f"{DRAFT}/files").content.decode()
        assert "data-upload" in text
        assert "Remove config.json" in text
        assert browse.post(f"{DRAFT}/files", {"remove": "config.json"}).status_code == 303
        assert [file.path for file in files_of(draft)] == ["model.safetensors"]

    def test_each_file_that_is_refused_is_named(self, browse, draft):
        answer = bring(browse, ("good.json", b"{}"), ("empty.bin", b""))
        assert answer.status_code == 422
        assert "empty.bin" in answer.content.decode()
        assert [file.path for file in files_of(draft)] == ["good.json"]
        assert browse.post(f"{DRAFT}/files").status_code == 422
        assert browse.post(f"{DRAFT}/files", {"remove": "not-there"}).status_code == 404

    def test_the_same_bytes_elsewhere_are_shown_to_those_who_may_see_them(self, browse, draft, cast):
        hidden = make.a_version(make.a_model(cast.secret_lab, cast.sam, "falcon", visibility="team"), cast.sam)
        make.a_file(hidden, make.safetensors(7), by=cast.sam)
        bring(browse, ("model.safetensors", make.safetensors(7)))
        assert "falcon" not in browse.get(f"{DRAFT}/files").content.decode()
        other = make.a_version(make.a_model(cast.legal_tech, cast.jonas, "contracts"), cast.jonas)
        make.a_file(other, make.safetensors(7), by=cast.jonas)
        assert "legal-tech/contracts@1.0.0" in browse.get(f"{DRAFT}/files").content.decode()


@pytest.mark.django_db
class TestAbout:
    def test_what_files_tell_is_filled_in_and_marked(self, browse, draft):
        bring(browse, ("model.safetensors", make.safetensors()), ("config.json", json.dumps(CONFIG).encode()))
        answer = browse.get(f"{DRAFT}/about")
        text = answer.content.decode()
        assert "found in config.json" in text
        assert "found in model.safetensors" in text
        assert current_card(draft.model) is None
        asked = [row["bound"].name for row in answer.context["about"].asked_rows]
        assert len(asked) <= 6
        sent = typed(answer) | {"use.intended_purpose": "Book invoices.", "risk.limitations": "Poor on handwriting.", "legal.license": "mit"}
        assert browse.post(f"{DRAFT}/about", sent)["Location"] == f"{DRAFT}/risk"
        card = current_card(draft.model)
        assert card.sources["technical.architecture"] == "found"
        assert card.values["technical.parameter_count"] == 16
        assert card.sources["risk.limitations"] == "human"
        draft.model.refresh_from_db()
        assert (draft.model.license, draft.model.parameters) == ("mit", 16)

    def test_leaving_a_field_saves_it(self, browse, draft):
        sent = typed(browse.get(f"{DRAFT}/about")) | {"legal.license": "mit"}
        answer = browse.post(f"{DRAFT}/about", sent, headers=FRAGMENT)
        text = answer.content.decode()
        assert "Saved" in text
        assert 'name="revision" id="id_revision" value="1" hx-swap-oob="true"' in text
        assert "<html" not in text
        again = browse.post(f"{DRAFT}/about", sent | {"risk.limitations": "Some.", "revision": 1}, headers=FRAGMENT)
        assert 'value="2"' in again.content.decode()
        assert current_card(draft.model).values["legal.license"] == "mit"

    def test_the_button_goes_on_and_a_mistake_shows_the_whole_step(self, browse, draft):
        sent = typed(browse.get(f"{DRAFT}/about")) | {"legal.license": "mit", "go": "1"}
        assert browse.post(f"{DRAFT}/about", sent, headers=FRAGMENT)["HX-Redirect"] == f"{DRAFT}/risk"
        answer = browse.post(
            f"{DRAFT}/about", typed(browse.get(f"{DRAFT}/about")) | {"technical.parameter_count": "many", "go": "1"}, headers=FRAGMENT
        )
        assert (answer.status_code, answer["HX-Reselect"]) == (422, "#main")
        assert '<main id="main"' in answer.content.decode()

    def test_wrong_values_are_named_in_both_ways(self, browse, draft):
        sent = typed(browse.get(f"{DRAFT}/about")) | {"technical.parameter_count": "many", "identity.summary": "s" * 281}
        whole = browse.post(f"{DRAFT}/about", sent)
        assert whole.status_code == 422
        assert "2 things need mending" in whole.content.decode()
        part = browse.post(f"{DRAFT}/about", sent, headers=FRAGMENT)
        assert part.status_code == 422
        assert "Not saved" in part.content.decode()

    def test_somebody_who_was_faster_is_not_overwritten_unseen(self, browse, draft, cast):
        from catalog.cards.actions import save_card

        sent = typed(browse.get(f"{DRAFT}/about")) | {"legal.license": "mit"}
        save_card(draft.model, by=cast.paul, values={"legal.license": "bsd"})
        answer = browse.post(f"{DRAFT}/about", sent)
        assert answer.status_code == 409
        assert current_card(draft.model).values["legal.license"] == "bsd"


@pytest.mark.django_db
class TestRiskAndCheck:
    def test_each_answer_is_saved_and_shows_the_tier(self, browse, draft):
        assert "Not known yet" in browse.get(f"{DRAFT}/risk").content.decode()
        part = browse.post(f"{DRAFT}/risk", {"environment": "production", "answers.scope": "minimal", "new_use_case": "Boo"}, headers=FRAGMENT)
        assert "Not known yet" in part.content.decode()
        assert not UseCase.objects.filter(name="Boo").exists()
        whole = browse.post(f"{DRAFT}/risk", ANSWERS | {"environment": "production"}, headers=FRAGMENT).content.decode()
        assert "It is in use, with low stakes." in whole
        assert "1 person has to agree: Technical." in whole
        assert "within 3 business days" in whole
        draft.refresh_from_db()
        assert (draft.answers["scope"], draft.data_class) == ("minimal", "internal")

    def test_a_forbidden_use_says_so(self, browse, draft):
        said = ANSWERS | {"environment": "production", "answers.scope": "prohibited"}
        assert "This use is forbidden" in browse.post(f"{DRAFT}/risk", said, headers=FRAGMENT).content.decode()

    def test_an_unknown_answer_is_refused(self, browse, draft):
        assert browse.post(f"{DRAFT}/risk", ANSWERS | {"environment": "moon"}).status_code == 422

    def test_a_use_case_that_is_there_already_is_no_second_one(self, browse, draft):
        said = ANSWERS | {"environment": "production", "new_use_case": "Booking"}
        assert browse.post(f"{DRAFT}/risk", said)["Location"] == f"{DRAFT}/check"
        answer = browse.post(f"{DRAFT}/risk", said)
        assert answer.status_code == 409
        assert "already has a use case" in answer.content.decode()

    def test_everything_missing_is_listed_with_the_way_there(self, browse, draft):
        text = browse.get(f"{DRAFT}/check").content.decode()
        for link in (f"{DRAFT}/files", f"{DRAFT}/risk#id_use_case", f"{DRAFT}/risk#id_answers.scope", f"{DRAFT}/about#id_risk.limitations"):
            assert f'href="{link}"' in text
        refused = browse.post(f"{DRAFT}/check")
        assert refused.status_code == 422
        assert "Which data will it see when it is used?" in refused.content.decode()
        assert text.count("Required to submit") == text.count('<li class="check">') == len(refused.context["rows"])
        assert [step["state"] for step in refused.context["steps"]] == ["done", "blocked", "blocked", "blocked", "now"]
        assert not ValidationRun.objects.exists()

    def test_the_whole_way_to_submitted(self, browse, draft, django_capture_on_commit_callbacks):
        bring(browse, ("model.safetensors", make.safetensors()), ("config.json", json.dumps(CONFIG).encode()))
        browse.post(f"{DRAFT}/risk", ANSWERS | {"environment": "production", "new_use_case": "Booking"})
        about = typed(browse.get(f"{DRAFT}/about"))
        browse.post(
            f"{DRAFT}/about", about | {"use.intended_purpose": "Book.", "risk.limitations": "Some.", "legal.license": "mit", "technical.task": "ocr"}
        )
        owed = browse.get(f"{DRAFT}/check").context["rows"]
        editor = [row.url for row in owed if "/edit?section=" in row.url]
        assert editor
        for url in editor:
            assert 'id="' + url.partition("#")[2] in browse.get(url.partition("#")[0]).content.decode()
        fill(draft.model, owed)
        rest = browse.get(f"{DRAFT}/check")
        assert rest.context["rows"] == []
        answer = browse.post(f"{DRAFT}/check")
        run = ValidationRun.objects.get()
        assert (answer.status_code, answer["Location"]) == (303, f"/checks/{run.pk}")
        draft.refresh_from_db()
        assert (draft.state, draft.tier) == ("validating", "T3")
        assert browse.get(f"{DRAFT}/check").status_code == 409

    def test_only_editors_publish(self, signed_in, draft, cast):
        for step in ("files", "about", "risk", "check"):
            assert signed_in(cast.bea).get(f"{DRAFT}/{step}").status_code == 403
        hidden = make.a_version(make.a_model(cast.secret_lab, cast.sam, "falcon", visibility="team"), cast.sam)
        for step in ("files", "about", "risk", "check"):
            assert signed_in(cast.nina).get(f"/m/{hidden.model}/v/1.0.0/publish/{step}").status_code == 404


def fill(model, owed):
    """Fill every missing field with its own example."""
    from catalog.cards.actions import save_card
    from catalog.cards.facts import schema_of

    schema = schema_of(model, "T3")
    keys = [row.url.partition("#id_")[2] for row in owed]
    save_card(model, by=model.created_by, values={key: schema.field(key).example for key in keys})
