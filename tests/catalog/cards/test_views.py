"""The pages of a card: editing a section, two at once, README, history."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from catalog.cards.actions import save_card, take_found_facts
from catalog.cards.pages import card_panel
from catalog.cards.queries import current_card
from tests import factories as make

EDIT = "/m/finance-ml/ledger/edit"


@pytest.fixture
def model(cast):
    return make.a_model(cast.finance_ml, cast.nina, "ledger")


@pytest.fixture
def browse(signed_in, cast):
    return signed_in(cast.nina)


def typed(answer):
    """What the form of a page would send."""
    form = answer.context["form"]
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    return sent | {"revision": answer.context["page_of"].number, "summary": ""}


@pytest.mark.django_db
class TestEditing:
    def test_the_editor_opens_where_something_is_missing(self, browse, model):
        answer = browse.get(f"{EDIT}?tier=T2")
        assert answer.status_code == 200
        text = answer.content.decode()
        assert "Required to submit" in text
        assert "Next missing:" in text
        assert "T2" in text

    @pytest.mark.parametrize(
        "section", ["identity", "classification", "use", "technical", "lineage", "legal", "evaluation", "risk", "text", "nonsense"]
    )
    def test_every_section_opens_and_saving_it_untouched_changes_nothing(self, browse, model, cast, section):
        values = {
            "technical.inputs": [{"name": "a|b", "type": "text"}], "evaluation.metrics": [{"name": "f1", "value": 0.93, "ci_low": 1e-05}],
            "technical.tags": ["x", "y"], "classification.data_classes": ["internal", "personal"], "risk.limitations": "One\n\nTwo\n",
            "technical.parameter_count": 109482240,
        }  # fmt: skip
        save_card(model, by=cast.nina, values=values, text="# Hi\n")
        answer = browse.get(f"{EDIT}?section={section}&tier=T1")
        sent = {k: v.replace("\n", "\r\n") if isinstance(v, str) else v for k, v in typed(answer).items()}
        saved = browse.post(f"{EDIT}?section={section}&tier=T1", sent)
        assert saved.status_code == 303
        assert current_card(model).number == 1

    def test_only_what_was_changed_is_saved(self, browse, model, cast):
        take_found_facts(model, {"technical.library": {"value": "onnx", "file": "model.onnx"}})
        answer = browse.get(f"{EDIT}?section=technical&tier=T3")
        assert "found in model.onnx" in answer.content.decode()
        rows = "text | string | | | The words\nspeed | number"
        sent = typed(answer) | {
            "technical.inputs": rows,
            "technical.languages": "en\r\nde",
            "technical.parameter_count": "1,000",
            "summary": "Inputs",
        }
        assert browse.post(f"{EDIT}?section=technical&tier=T3", sent).status_code == 303
        card = current_card(model)
        assert card.values["technical.inputs"] == [{"name": "text", "type": "string", "meaning": "The words"}, {"name": "speed", "type": "number"}]
        assert card.values["technical.languages"] == ["en", "de"]
        assert card.values["technical.parameter_count"] == 1000
        assert (card.sources["technical.library"], card.sources["technical.inputs"], card.summary) == ("found", "human", "Inputs")

    def test_all_that_is_wrong_is_said_at_once_and_what_was_typed_stays(self, browse, model):
        sent = typed(browse.get(f"{EDIT}?section=technical&tier=T3"))
        sent |= {
            "technical.parameter_count": "many",
            "technical.task": "t" * 81,
            "technical.inputs": "a | b | c | d | e | f",
            "technical.library": "onnx",
        }
        answer = browse.post(f"{EDIT}?section=technical&tier=T3", sent)
        text = answer.content.decode()
        assert answer.status_code == 422
        assert "3 things need mending" in text
        assert 'value="many"' in text
        assert "there is no column &#x27;column 6&#x27;" in text
        assert 'value="onnx"' in text
        assert current_card(model) is None

    def test_when_somebody_was_faster_both_values_are_shown(self, browse, model, cast):
        sent = typed(browse.get(f"{EDIT}?section=risk&tier=T3")) | {"risk.limitations": "Mine."}
        save_card(model, by=cast.paul, values={"risk.limitations": "Theirs.", "risk.ethics": "Also theirs."}, summary="Was here")
        answer = browse.post(f"{EDIT}?section=risk&tier=T3", sent)
        text = answer.content.decode()
        assert answer.status_code == 409
        assert "Paul saved revision 1" in text
        assert "Theirs." in text
        assert "Mine." in text
        assert current_card(model).values["risk.limitations"] == "Theirs."
        again = {name: answer.context["form"][name].value() for name in ("risk.limitations", "risk.ethics")}
        assert again == {"risk.limitations": "Mine.", "risk.ethics": "Also theirs."}
        revision = re.search(r'name="revision" value="(\d+)"', text)[1]
        assert browse.post(f"{EDIT}?section=risk&tier=T3", again | {"revision": revision}).status_code == 303
        assert current_card(model).values == {"risk.limitations": "Mine.", "risk.ethics": "Also theirs."}

    def test_the_text_too(self, browse, model, cast):
        sent = typed(browse.get(f"{EDIT}?section=text")) | {"text": "Mine"}
        save_card(model, by=cast.paul, values={}, text="Theirs")
        answer = browse.post(f"{EDIT}?section=text", sent)
        assert answer.status_code == 409
        assert "Theirs" in answer.content.decode()
        assert answer.context["form"]["text"].value() == "Mine"

    def test_a_suggestion_is_accepted_and_a_fact_taken_by_a_tick(self, browse, model, cast):
        save_card(model, by=cast.nina, values={"legal.license": "mit", "legal.license_link": "x"}, sources={"legal.license_link": "suggested"})
        take_found_facts(model, {"legal.license": {"value": "gpl-3.0", "file": "README.md"}})
        answer = browse.get(f"{EDIT}?section=legal&tier=T3")
        assert "README.md says" in answer.content.decode()
        sent = typed(answer) | {"legal.license--take": "1", "legal.license_link--accept": "1"}
        assert browse.post(f"{EDIT}?section=legal&tier=T3", sent).status_code == 303
        card = current_card(model)
        assert (card.values["legal.license"], card.sources) == ("gpl-3.0", {"legal.license": "found", "legal.license_link": "human"})

    def test_a_supplier_may_be_silent(self, browse, cast):
        make.a_model(cast.finance_ml, cast.nina, "bought", origin="vendor")
        url = "/m/finance-ml/bought/edit?section=technical&tier=T3"
        sent = typed(browse.get(url)) | {"technical.approach--silent": "on", "technical.approach--reason": "Trade secret"}
        assert browse.post(url, sent).status_code == 303
        answer = browse.get(url)
        assert "Trade secret" in answer.content.decode()
        assert answer.context["form"]["technical.approach--silent"].value() is True

    def test_the_next_missing_field_is_one_step_away(self, browse, model):
        sent = typed(browse.get(f"{EDIT}?section=identity&tier=T4")) | {"next": "1"}
        assert browse.post(f"{EDIT}?section=identity&tier=T4", sent)["Location"].startswith(f"{EDIT}?section=classification")

    def test_the_page_says_what_a_change_does_to_approved_versions(self, browse, model, cast):
        save_card(model, by=cast.nina, values={"risk.limitations": "Old.", "identity.summary": "Sorts."})
        make.an_approved_version(model, cast.nina)
        url = f"{EDIT}?section=identity&tier=T3"
        harmless = browse.post(url, typed(browse.get(url)) | {"identity.summary": "Sorts letters."})
        assert "is void" not in browse.get(harmless["Location"]).content.decode()
        answer = browse.get(f"{EDIT}?section=risk&tier=T3")
        assert "1.0.0 (revision 1)</a> void" in answer.content.decode()
        saved = browse.post(f"{EDIT}?section=risk&tier=T3", typed(answer) | {"risk.limitations": "New."})
        assert "the approval of 1.0.0 is void. Submit it again for review." in browse.get(saved["Location"]).content.decode()

    @pytest.mark.parametrize("revision", ["x", "-1", "99", ""])
    def test_a_forged_revision_saves_nothing(self, browse, model, revision):
        answer = browse.post(f"{EDIT}?section=risk&tier=T3", {"risk.limitations": "Mine.", "revision": revision})
        assert answer.status_code in {404, 422}
        assert current_card(model) is None

    def test_others_may_not_edit_and_strangers_find_nothing(self, signed_in, cast, model):
        assert signed_in(cast.bea).get(EDIT).status_code == 403
        hidden = make.a_model(cast.secret_lab, cast.sam, "falcon", visibility="team")
        assert signed_in(cast.nina).get(f"/m/secret-lab/{hidden.name}/edit").status_code == 404
        assert signed_in(cast.nina).get(f"/m/secret-lab/{hidden.name}/card/1").status_code == 404


@pytest.mark.django_db
class TestAround:
    def test_the_preview_is_clean(self, browse, model):
        answer = browse.post(f"{EDIT}/preview", {"text": "# Hi <script>alert(1)</script>"}, headers={"HX-Request": "true"})
        assert "<script>alert" not in answer.content.decode()
        assert "Hi" in answer.content.decode()
        assert "<html" not in answer.content.decode()
        assert "<html" in browse.post(f"{EDIT}/preview", {"text": "# Hi"}).content.decode()

    def test_a_readme_is_taken_over(self, browse, model):
        file = SimpleUploadedFile("README.md", b"---\nlicense: mit\nlanguage: {a: 1}\n---\n# Hello\n", "text/markdown")
        answer = browse.get(browse.post(f"{EDIT}/readme", {"readme": file, "revision": 0})["Location"])
        text = answer.content.decode()
        assert "taken over as revision 1" in text
        assert "language was not taken over" in text
        assert browse.get("/m/finance-ml/ledger/card/README.md").content.startswith(b"---\n")

    @pytest.mark.parametrize(("content", "revision", "status"), [(b"\xff\xff", 0, 422), (b"# Hi", 3, 409), (b"", 0, 422)])
    def test_a_bad_readme_is_refused_with_words(self, browse, model, content, revision, status):
        answer = browse.post(f"{EDIT}/readme", {"readme": SimpleUploadedFile("R.md", content), "revision": revision})
        assert answer.status_code == status
        assert current_card(model) is None

    def test_the_history_shows_what_each_revision_changed(self, browse, model, cast):
        save_card(model, by=cast.nina, values={"legal.license": "mit"}, text="one", summary="First")
        save_card(model, by=cast.paul, values={"legal.license": "bsd"}, text="two")
        text = browse.get("/m/finance-ml/ledger/card/2").content.decode()
        assert "− mit" in text
        assert "+ bsd" in text
        assert "<ins>+ two</ins>" in text
        assert "First" in text
        assert browse.get("/m/finance-ml/ledger/card/3").status_code == 404

    def test_the_panel_shows_values_sources_and_contradictions(self, model, cast):
        save_card(model, by=cast.nina, values={"legal.license": "mit", "evaluation.metrics": [{"name": "f1", "value": 0.9}]}, text="# Words")
        take_found_facts(model, {"legal.license": {"value": "gpl", "file": "README.md"}, "technical.task": {"value": "ocr", "file": "config.json"}})
        request = RequestFactory().get("/m/finance-ml/ledger")
        request.user = cast.nina
        html = card_panel(request, model)
        assert "found in config.json" in html
        assert "README.md says gpl" in html
        assert "Edit the card" in html
        assert ">f1</td>" in html
        request.user = cast.bea
        assert "Edit the card" not in card_panel(request, model)
