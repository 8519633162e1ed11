"""Saving cards: revisions, merging, sources, facts from files, and two people at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction

from catalog.cards import actions
from catalog.cards.actions import import_readme, rendered, save_card, take_found_facts
from catalog.cards.merging import contradictions
from catalog.cards.models import CardRevision
from catalog.cards.queries import bound_versions, completeness_for, current_card, diff, history
from marketplace.activity.models import Event, EventText
from marketplace.errors import Conflict, Invalid, NotAllowed, NotFound
from tests import cast as people
from tests import factories as make


@pytest.fixture
def model(cast):
    return make.a_model(cast.finance_ml, cast.nina, "ledger")


@pytest.mark.django_db
class TestSaving:
    def test_the_first_save_is_revision_one_and_says_who_said_what(self, cast, model):
        card = save_card(model, by=cast.nina, values={"risk.limitations": "Poor on handwriting."}, text="# Hello", summary="First words")
        assert (card.number, card.author, card.summary) == (1, cast.nina, "First words")
        assert card.sources == {"risk.limitations": "human"}
        assert "Hello</h" in card.html
        event = Event.objects.filter(verb="card.saved").latest("pk")
        assert '"changed":["risk.limitations","text"]' in event.body
        assert "Poor on handwriting" not in event.body
        assert "First words" not in event.body
        assert EventText.objects.get(event=event).text == "First words"

    def test_partial_values_go_over_the_present_card_and_an_empty_one_takes_a_field_away(self, cast, model):
        save_card(model, by=cast.nina, values={"risk.limitations": "Poor.", "technical.task": "ocr"}, text="Words")
        card = save_card(model, by=cast.paul, values={"technical.task": None, "use.intended_purpose": "Read invoices."})
        assert card.values == {"risk.limitations": "Poor.", "use.intended_purpose": "Read invoices."}
        assert set(card.sources) == set(card.values)
        assert (card.text, card.number) == ("Words", 2)

    def test_saving_the_same_again_makes_no_revision(self, cast, model):
        first = save_card(model, by=cast.nina, values={"technical.tags": ["a"]}, text="x\r\ny")
        assert save_card(model, by=cast.nina, values={"technical.tags": ["a"]}, text="x\ny").pk == first.pk
        assert save_card(model, by=cast.nina, values={}).pk == first.pk

    def test_what_lists_show_is_copied_to_the_model(self, cast, model):
        values = {
            "identity.summary": "Books invoices.", "technical.task": "ocr", "technical.library": "onnx", "legal.license": "mit",
            "technical.parameter_count": 12.0, "lineage.base_model": ["a/b", "c"], "technical.tags": ["x", "x", "y" * 61],
        }  # fmt: skip
        save_card(model, by=cast.nina, values=values)
        model.refresh_from_db()
        assert (model.summary, model.task, model.library, model.license) == ("Books invoices.", "ocr", "onnx", "mit")
        assert (model.parameters, model.base_model, model.tags) == (12, "a/b", ["x"])
        save_card(model, by=cast.nina, values={"technical.task": ""})
        model.refresh_from_db()
        assert model.task == ""

    def test_every_wrong_field_is_named_with_how_to_mend_it(self, cast, model):
        values = {
            "no.such": 1, "technical.parameter_count": "many", "identity.origin": "moon", "technical.tags": "x", "identity.summary": "s" * 281,
            "meta.revision": 9, "identity.released_at": "soon", "evaluation.metrics": [{"name": "f1", "speed": 1}],
        }  # fmt: skip
        with pytest.raises(Invalid) as refused:
            save_card(model, by=cast.nina, values=values, sources={"technical.task": "human", "identity.summary": "oracle"}, summary="s" * 281)
        found = refused.value.fields
        assert set(values) | {"sources.technical.task", "sources.identity.summary", "summary"} == set(found)
        assert all(sentence.strip().endswith((".", "…", "}")) or "Write it like this" in sentence for s in found.values() for sentence in s)
        assert current_card(model) is None

    def test_nobody_accepts_for_a_reviewer_that_the_supplier_is_silent(self, cast):
        model = make.a_model(cast.finance_ml, cast.nina, origin="vendor")
        silent = {"not_disclosed": True, "accepted": True, "reason": "They say no."}
        with pytest.raises(Invalid, match="1 thing"):
            save_card(model, by=cast.nina, values={"technical.approach": silent})
        card = save_card(model, by=cast.nina, values={"technical.approach": silent | {"accepted": False}})
        assert card.values["technical.approach"]["accepted"] is False

    def test_a_nul_character_and_an_endless_text_are_refused_by_name(self, cast, model):
        with pytest.raises(Invalid) as refused:
            save_card(model, by=cast.nina, values={"risk.limitations": "a\x00b"}, text="a\x00b")
        assert set(refused.value.fields) == {"risk.limitations", "text"}
        with pytest.raises(Invalid) as refused:
            save_card(model, by=cast.nina, values={}, text="x" * 1_000_001)
        assert "Shorten it by 1." in refused.value.fields["text"][0]

    def test_only_editors_save_and_strangers_find_nothing(self, cast, model):
        with pytest.raises(NotAllowed):
            save_card(model, by=cast.bea, values={})
        hidden = make.a_model(cast.secret_lab, cast.sam, visibility="team")
        with pytest.raises(NotFound):
            save_card(hidden, by=cast.nina, values={})

    def test_a_card_that_moved_on_is_refused_with_its_present_number(self, cast, model):
        save_card(model, by=cast.nina, values={"technical.task": "ocr"}, expected_revision=0)
        with pytest.raises(Conflict) as refused:
            save_card(model, by=cast.paul, values={"technical.task": "asr"}, expected_revision=0)
        assert refused.value.data["revision"] == 1
        assert save_card(model, by=cast.paul, values={"technical.task": "asr"}, expected_revision=1).number == 2

    def test_a_revision_never_changes(self, cast, model):
        card = save_card(model, by=cast.nina, values={"technical.task": "ocr"})
        with pytest.raises(IntegrityError), transaction.atomic():
            CardRevision.objects.filter(pk=card.pk).update(values={})

    def test_300_kb_of_open_images_are_bounded_escaped_and_explained(self, cast, model):
        card = save_card(model, by=cast.nina, values={}, text="![" * 150_000)
        assert card.html.startswith("<pre>![![")
        assert card.render_note.startswith("Shown as plain text because")
        assert "<img" not in card.html

    def test_a_text_is_rendered_once(self, cast, model, monkeypatch):
        save_card(model, by=cast.nina, values={}, text="# One")
        monkeypatch.setattr(actions, "render", lambda _: pytest.fail("rendered again"))
        card = save_card(model, by=cast.nina, values={"technical.task": "ocr"})
        assert "One" in card.html
        assert rendered(card) is card

    def test_what_was_imported_in_bulk_is_rendered_when_somebody_looks(self, cast, model):
        CardRevision.objects.create(model=model, number=1, text="# Late", is_rendered=False)
        card = rendered(current_card(model))
        assert "Late" in card.html
        assert current_card(model).is_rendered


@pytest.mark.django_db
class TestFacts:
    FACTS = {
        "technical.library": {"value": "transformers", "file": "config.json"},
        "legal.license": {"value": "mit", "file": "README.md"},
        "technical.parameter_count": {"value": "not a number", "file": "evil.json"},
        "meta.revision": {"value": 99, "file": "evil.json"},
        "no.such": {"value": "x", "file": "evil.json"},
    }

    def test_files_fill_what_nobody_said_and_never_what_a_person_said(self, cast, model):
        save_card(model, by=cast.nina, values={"legal.license": "apache-2.0"})
        card = take_found_facts(model, self.FACTS)
        assert card.values == {"legal.license": "apache-2.0", "technical.library": "transformers"}
        assert card.sources == {"legal.license": "human", "technical.library": "found"}
        assert contradictions(card.values, card.sources, card.found) == {"legal.license": {"value": "mit", "file": "README.md"}}
        assert card.author is None
        assert take_found_facts(model, self.FACTS).pk == card.pk

    def test_newer_files_replace_what_older_files_said(self, cast, model):
        take_found_facts(model, self.FACTS)
        card = take_found_facts(model, {"technical.library": {"value": "onnx", "file": "model.onnx"}})
        assert card.values["technical.library"] == "onnx"
        assert card.values["legal.license"] == "mit"

    def test_sending_a_found_value_back_does_not_make_it_ones_own(self, cast, model):
        take_found_facts(model, self.FACTS)
        card = save_card(model, by=cast.nina, values={"technical.library": "transformers", "technical.task": "ocr"})
        assert card.sources["technical.library"] == "found"
        assert save_card(model, by=cast.nina, values={}, sources={"technical.library": "human"}).sources["technical.library"] == "human"

    def test_capitals_are_no_contradiction(self):
        found = {"legal.license": {"value": "MIT", "file": "README.md"}}
        assert not contradictions({"legal.license": "mit"}, {"legal.license": "human"}, found)


@pytest.mark.django_db
class TestReadmeAndQueries:
    def test_a_readme_brings_text_fields_and_the_way_back(self, cast, model):
        card, warnings = import_readme(model, "---\nlicense: mit\npipeline_tag: ocr\nodd: 1\n---\n# Hi\n", by=cast.nina)
        assert (card.values, card.text, card.unmapped) == ({"legal.license": "mit", "technical.task": "ocr"}, "# Hi\n", {"odd": 1})
        assert set(card.sources.values()) == {"imported"}
        assert not warnings

    def test_a_readme_cannot_bring_what_the_marketplace_fills(self, cast, model):
        card, warnings = import_readme(model, "---\nmarketplace:\n  meta.revision: 7\n  technical.task: ocr\n---\n", by=cast.nina)
        assert card.values == {"technical.task": "ocr"}
        assert any("meta.revision" in warning for warning in warnings)

    def test_differences_are_by_field_and_line(self, cast, model):
        first = save_card(model, by=cast.nina, values={"legal.license": "mit"}, text="one\ntwo")
        second = save_card(model, by=cast.nina, values={"legal.license": "bsd", "technical.task": "ocr"}, text="one\n2")
        found = diff(first, second, model)
        assert [(c.key, c.before, c.after, c.material) for c in found.fields] == [
            ("technical.task", None, "ocr", False), ("legal.license", "mit", "bsd", True),
        ]  # fmt: skip
        assert ("-", "two") in found.text
        assert ("+", "2") in found.text
        assert diff(second, second, model).is_empty
        assert [card.number for card in history(model)] == [2, 1]

    def test_endless_texts_are_not_compared(self, cast, model):
        first, second = CardRevision(text="a\n" * 3000), CardRevision(text="b\n" * 3000)
        assert diff(first, second, model).text_too_long

    def test_completeness_counts_what_the_model_row_says(self, cast, model):
        lacks = completeness_for(None, model, "T4")
        missing = {item.field for item in lacks.missing}
        assert "identity.name" not in missing
        assert "identity.accountable_owner" not in missing
        assert {"use.intended_purpose", "risk.limitations", "legal.license"} <= missing

    def test_approvals_stay_bound_to_their_revision(self, cast, model):
        make.a_card(model, cast.nina)
        make.an_approved_version(model, cast.nina)
        save_card(model, by=cast.nina, values={"identity.summary": "Told in other words."})
        assert bound_versions(model) == [("1.0.0", 1)]
        save_card(model, by=cast.nina, values={"risk.limitations": "New."})
        assert bound_versions(model) == []


@pytest.mark.django_db(transaction=True)
def test_two_who_save_at_once_both_count():
    cast = people.load()
    model = make.a_model(cast.finance_ml, cast.nina)
    start = Barrier(4)

    def save(field):
        try:
            start.wait(10)
            return save_card(model, by=cast.nina, values={field: "said"}).number
        finally:
            connection.close()

    fields = ["risk.limitations", "use.intended_purpose", "technical.task", "legal.license"]
    with ThreadPoolExecutor(4) as pool:
        numbers = sorted(pool.map(save, fields))
    assert numbers == [1, 2, 3, 4]
    assert set(current_card(model).values) == set(fields)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_read_the_same_revision_one_wins():
    cast = people.load()
    model = make.a_model(cast.finance_ml, cast.nina)
    start = Barrier(2)

    def save(words):
        try:
            start.wait(10)
            return save_card(model, by=cast.nina, values={"risk.limitations": words}, expected_revision=0).number
        except Conflict as refused:
            return refused.data["revision"] * -1
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(save, ["mine", "yours"])) == [-1, 1]
