"""What a search finds, counts and hides."""

import random

import pytest
from django.db import connection

from catalog.cards.actions import save_card
from catalog.registry.models import RegisteredModel
from catalog.registry.queries import STANDINGS, models_for, with_standing
from catalog.search.actions import index_everything, index_models
from catalog.search.facets import FACETS
from catalog.search.queries import search
from marketplace.errors import Invalid
from tests.factories import a_card, a_model, a_submitted_version, an_approved_version

pytestmark = pytest.mark.django_db


def names(answer):
    return [hit.model["name"] for hit in answer.hits]


def everything(viewer, query="", filters=None, sort="relevance", limit=3):
    """Page through the whole list."""
    found, cursor = [], ""
    while True:
        answer = search(viewer, query, filters or {}, sort=sort, cursor=cursor, limit=limit, counts=False)
        found += [hit.path for hit in answer.hits]
        cursor = answer.cursor
        if not cursor:
            return found


@pytest.fixture
def world(cast):
    """Models of several teams: open, hidden, approved, in review, listed."""
    dice = random.Random(5)
    owners = [(cast.finance_ml, cast.paul), (cast.legal_tech, cast.jonas), (cast.secret_lab, cast.sam), (cast.platform_ai, cast.pia)]
    for number in range(28):
        team, owner = owners[number % len(owners)]
        model = a_model(
            team, owner, f"{dice.choice(['invoice', 'contract', 'voice'])}-model-{number}",
            task=dice.choice(["ocr", "text-classification", "Token-Classification", ""]), license=dice.choice(["mit", "GPL-3.0", "house rules", ""]),
            library=dice.choice(["transformers", "Transformers", "timm", ""]), modality=dice.choice(["text", "image"]), framework=dice.choice(["onnx", ""]),
            visibility="team" if team == cast.secret_lab or dice.random() < 0.25 else "organization", origin=dice.choice(["internal", "open"]),
        )  # fmt: skip
        if number % 7 == 0:
            an_approved_version(model, owner)
        elif number % 7 == 1:
            a_submitted_version(model, owner)
        elif number % 7 == 2:
            RegisteredModel.objects.filter(pk=model.pk).update(state="listed")
    return cast


# The short run asks as a reader, an owner and an auditor.
PEOPLE = ["bea", "paul", "aud", *(pytest.param(name, marks=pytest.mark.full) for name in ("jonas", "sam", "stan", "ada", "rita", "gus"))]


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("query", ["", "invoice", "model -contract"])
def test_every_count_is_the_length_of_the_list_after_choosing_it(world, person, query):
    viewer = getattr(world, person)
    dice = random.Random(person + query)
    for _ in range(3):
        start = search(viewer, query, {}, limit=1)
        values = [(facet.key, option.value) for facet in start.facets for option in facet.options]
        chosen = {}
        for key, value in dice.sample(values, min(len(values), dice.randrange(4))):
            chosen.setdefault(key, []).append(value)
        answer = search(viewer, query, chosen, limit=200)
        assert answer.total == len(everything(viewer, query, chosen))
        for facet in answer.facets:
            for option in dice.sample(facet.options, min(2, len(facet.options))):
                only = chosen | {facet.key: [option.value]}
                assert len(everything(viewer, query, only, limit=50)) == option.count, (facet.key, option.value, chosen)


@pytest.mark.parametrize("person", PEOPLE)
def test_nothing_hidden_shows_in_list_or_counts(world, person):
    viewer = getattr(world, person)
    seen = {f"{model.team.name}/{model.name}" for model in models_for(viewer)}
    assert set(everything(viewer)) == seen
    answer = search(viewer, "", {}, limit=200)
    assert answer.total == len(seen)
    for facet in answer.facets:
        assert sum(option.count for option in facet.options) == len(seen)
    if not any(path.startswith("secret-lab/") for path in seen):
        teams = next(facet for facet in answer.facets if facet.key == "team")
        assert "secret-lab" not in {option.value for option in teams.options}


@pytest.mark.parametrize("sort", ["relevance", "used", "updated", "name"])
@pytest.mark.parametrize("query", ["", "invoice model"])
def test_pages_never_skip_or_repeat(world, sort, query):
    paged = everything(world.gus, query, sort=sort, limit=4)
    assert len(paged) == len(set(paged))
    assert paged == [hit.path for hit in search(world.gus, query, {}, sort=sort, limit=200).hits]


def test_the_standing_of_a_list_is_the_one_of_the_registry(world):
    for person in ("bea", "paul", "jonas"):
        viewer = getattr(world, person)
        counted = next(facet for facet in search(viewer, "", {}).facets if facet.key == "use")
        for key in STANDINGS:
            rows = with_standing(models_for(viewer), viewer).filter(standing_key=key)
            assert sum(option.count for option in counted.options if option.value == key) == rows.count()
            assert set(everything(viewer, filters={"use": [key]})) == {f"{model.team.name}/{model.name}" for model in rows}


def test_leaving_a_team_and_hiding_a_model_bite_at_once(cast):
    model = a_model(cast.secret_lab, cast.sam, "falcon-x", visibility="team")
    assert names(search(cast.sam, "falcon", {})) == ["falcon-x"]
    assert search(cast.bea, "falcon", {}).total == 0
    RegisteredModel.objects.filter(pk=model.pk).update(visibility="organization")
    assert search(cast.bea, "falcon", {}).total == 1
    cast.sam.memberships.all().delete()
    RegisteredModel.objects.filter(pk=model.pk).update(visibility="team")
    fresh = type(cast.sam).objects.get(pk=cast.sam.pk)
    assert search(fresh, "falcon", {}).total == 0


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("resnet50", "ResNet-50"), ("resnet 50", "ResNet-50"), ("RESNET_50", "ResNet-50"), ("bertForTagging", "BertForTagging"), ("tagging", "BertForTagging"),
        ("res", "ResNet-50"), ("churning customers", "radar"), ("文本", "wenben"), ('"early warning"', "radar"), ("payments", "zahl"),
    ],
)  # fmt: skip
def test_words_parts_prefixes_phrases_and_chinese_are_found(cast, query, first):
    a_model(cast.finance_ml, cast.paul, "ResNet-50", summary="Sees things.")
    a_model(cast.finance_ml, cast.paul, "BertForTagging", summary="Reads things.")
    a_model(cast.finance_ml, cast.paul, "radar", summary="Early warning of customers about to churn.")
    a_model(cast.finance_ml, cast.paul, "wenben", summary="Sorts.", display_name="中文文本分类")
    a_model(cast.finance_ml, cast.paul, "zahl", summary="Checks.", tags=["payment"])
    index_everything()
    assert names(search(cast.bea, query, {}))[:1] == [first]


def test_an_exact_name_comes_first_and_what_can_be_used_before_what_cannot(cast):
    a_model(cast.finance_ml, cast.paul, "invoice-invoice-invoice", summary="invoice invoice invoice")
    a_model(cast.legal_tech, cast.jonas, "invoice", summary="Something.")
    assert names(search(cast.bea, "invoice", {}))[0] == "invoice"
    usable = a_model(cast.finance_ml, cast.paul, "slip-reader", summary="Reads slips.")
    a_model(cast.finance_ml, cast.paul, "slip-writer", summary="Writes slips.")
    an_approved_version(usable, cast.paul)
    assert names(search(cast.paul, "slip", {}))[0] == "slip-reader"


BAD = ["", "   ", "a" * 10_000, "'", "\"", "''\"\"", "\x00", "it's", "x'; DROP TABLE catalog_registeredmodel; --", "🦄🦄", "!!! & | <-> :* ()", ":*A",
       "\\", "%s %(p0)s {}", "-", "--", "-:", "team:", "foo:bar", '"unfinished', "\ud800", "<->", "the of and", "的", "١٢٣", "a:b:c", "-model", "ﬀ ß İ", "１２"]  # fmt: skip


@pytest.mark.parametrize("query", BAD)
def test_bad_queries_never_fail(cast, query):
    a_model(cast.finance_ml, cast.paul, "model-a")
    answer = search(cast.bea, query, {}, limit=200)
    assert answer.total == len(answer.hits)
    assert RegisteredModel.objects.exists()


def test_an_unknown_facet_is_named_and_an_unknown_value_finds_nothing(cast):
    a_model(cast.finance_ml, cast.paul, "model-a")
    with pytest.raises(Invalid) as refused:
        search(cast.bea, "", {"colour": ["red"], "task": ["x"]})
    assert list(refused.value.fields) == ["colour"]
    answer = search(cast.bea, "", {"task": ["nothing\x00 like it"]})
    assert answer.total == 0
    assert [(o.count, o.checked) for f in answer.facets if f.key == "task" for o in f.options if o.checked] == [(0, True)]


@pytest.mark.parametrize(
    "cursor", ["x", "W10", "eyJhIjoxfQ", "WyJhIiwgMV0", "WzEsIDJd" * 40, "WzFlOTk5LCAxXQ", "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OTksIDFd"]
)
def test_a_cursor_that_is_none_is_refused(cast, cursor):
    with pytest.raises(Invalid):
        search(cast.bea, "", {}, cursor=cursor)


def test_facets_typed_into_the_box_narrow(cast):
    a_model(cast.finance_ml, cast.paul, "one", task="ocr")
    a_model(cast.legal_tech, cast.jonas, "two", task="ocr")
    answer = search(cast.bea, "task:OCR team:Finance-ML", {})
    assert names(answer) == ["one"]
    assert answer.filters == {"task": ["ocr"], "team": ["finance-ml"]}


def test_a_page_of_results_takes_four_queries(cast, django_assert_max_num_queries):
    a_model(cast.finance_ml, cast.paul, "invoice-a")
    viewer = type(cast.bea).objects.get(pk=cast.bea.pk)
    with django_assert_max_num_queries(5):
        search(viewer, "invoice", {})


def test_a_saved_change_is_found_at_once(cast):
    from catalog.registry.actions import change_model

    model = a_model(cast.finance_ml, cast.paul, "plain")
    assert names(search(cast.bea, "zebra", {})) == []
    change_model(model, by=cast.paul, summary="Counts zebras.")
    assert names(search(cast.bea, "zebra", {})) == ["plain"]


def test_every_facet_has_a_column():
    from catalog.search.facets import COLUMNS

    assert set(COLUMNS) == set(FACETS)


def test_license_groups_name_each_spelling_once():
    from catalog.search.facets import license_groups

    listed = [spelling for group in license_groups().values() for spelling in group]
    assert len(listed) == len(set(listed))
    assert connection.vendor == "postgresql"


WIDE = "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ"


def joined_words(count):
    """Words of three bytes a letter, all different, joined so that each counts as a whole and in its parts."""
    dice = random.Random(3)
    return "".join(" " if number % 15 == 0 else "-" if number % 5 == 0 else dice.choice(WIDE) for number in range(count))


def ideographs(count):
    """Signs that each become a word."""
    return "".join(chr(0x4E00 + number * 7 % 20_000) for number in range(count))


@pytest.mark.parametrize("letters", [joined_words, ideographs])
def test_a_card_of_any_length_is_indexed_and_found(cast, letters):
    model, long = a_model(cast.finance_ml, cast.paul, "long"), letters(600_000)
    a_card(
        model, cast.paul, long[-100_000:], **{"lineage.datasets": [{"name": long[at : at + 400], "role": "zebra"} for at in range(0, 500_000, 400)]}
    )
    index_models([model.pk])
    assert names(search(cast.bea, "zebra", {})) == ["long"]


def test_a_card_of_nothing_but_figures_is_indexed(cast):
    model = a_model(cast.finance_ml, cast.paul, "figures")
    a_card(model, cast.paul, **{"evaluation.metrics": [{"value": number} for number in range(5_000)]})
    index_models([model.pk])
    assert names(search(cast.bea, "figures", {})) == ["figures"]


def test_what_a_card_of_usual_length_answers_is_found_to_its_end(cast):
    model = a_model(cast.finance_ml, cast.paul, "usual")
    save_card(model, by=cast.paul, values={"risk.limitations": "words " * 3_000 + "okapi", "lineage.datasets": [{"name": "giraffes"}]})
    assert [names(search(cast.bea, word, {})) for word in ("okapi", "giraffes")] == [["usual"], ["usual"]]
