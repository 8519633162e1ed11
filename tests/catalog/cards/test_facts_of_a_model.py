"""What a model's row and its card both hold has one truth: whoever changes the row changes the card."""

import pytest

from catalog.cards.actions import COLUMNS, save_card
from catalog.cards.queries import current_card
from catalog.registry.actions import change_model
from catalog.registry.models import Approval
from marketplace.activity.models import Event
from marketplace.activity.queries import details_of
from marketplace.errors import Invalid
from tests import factories as make

pytestmark = pytest.mark.django_db
PATH = "/api/v1/models/finance-ml/ledger"


@pytest.fixture
def model(cast):
    return make.a_model(cast.finance_ml, cast.nina, "ledger", license="apache-2.0")


@pytest.fixture
def approved(cast, model):
    """An approved version, whose card says nothing of the license."""
    return make.an_approved_version(model, cast.nina)


def is_void(version):
    version.refresh_from_db()
    return Approval.objects.get(version=version).voided_at is not None and version.state == "expired"


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("display_name", "The ledger", "The ledger"), ("summary", "Books.", "Books."), ("publisher", "Us", "Us"), ("task", "ocr", "ocr"),
        ("library", "onnx", "onnx"), ("parameters", 12, 12), ("tags", ["a", "b"], ["a", "b"]), ("base_model", "a/b", ["a/b"]),
        ("license", "mit", "mit"),
    ],
)  # fmt: skip
def test_a_fact_that_the_card_holds_is_changed_there(cast, model, column, value, said):
    change_model(model, by=cast.nina, **{column: value})
    card, key = current_card(model), {column: key for key, (column, _) in COLUMNS.items()}[column]
    assert (card.values, card.sources, card.author) == ({key: said}, {key: "human"}, cast.nina)
    assert column in card.summary
    model.refresh_from_db()
    assert getattr(model, column) == value


def test_another_license_in_the_api_makes_the_approval_void(cast, approved, client, token_of):
    answer = client.patch(PATH, {"license": "llama3.1"}, content_type="application/json", headers=token_of(cast.nina, "read", "publish"))
    assert (answer.status_code, answer.json()["license"]) == (200, "llama3.1")
    assert is_void(approved)


def test_another_license_in_the_settings_makes_the_approval_void(cast, approved, signed_in):
    form = {"summary": approved.model.summary, "tags": "", "license": "llama3.1"}
    assert signed_in(cast.nina).post("/m/finance-ml/ledger/settings/facts", form).status_code == 303
    assert is_void(approved)


def test_what_is_not_material_leaves_the_approval(cast, approved):
    change_model(approved.model, by=cast.nina, summary="Other words.", framework="onnx", license="apache-2.0")
    assert not is_void(approved)


def test_a_license_that_only_the_row_says_is_not_taken_away_unseen(cast, approved, client, token_of):
    answer = client.patch(PATH, {"license": ""}, content_type="application/json", headers=token_of(cast.nina, "read", "publish"))
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["license"])
    change_model(approved.model, by=cast.nina, summary="")
    approved.model.refresh_from_db()
    assert (approved.model.summary, approved.model.license) == ("", "apache-2.0")


def test_an_emptied_fact_leaves_the_card_and_the_row(cast, model):
    change_model(model, by=cast.nina, task="ocr", parameters=12, tags=["a"], base_model="a/b")
    change_model(model, by=cast.paul, task="", parameters=None, tags=[], base_model="")
    model.refresh_from_db()
    assert (model.task, model.parameters, model.tags, model.base_model) == ("", None, [], "")
    assert (current_card(model).values, current_card(model).number) == ({}, 2)


def test_a_license_on_the_card_is_taken_away_there(cast, model):
    save_card(model, by=cast.nina, values={"legal.license": "mit"})
    approved = make.an_approved_version(model, cast.nina)
    change_model(model, by=cast.nina, license="")
    assert "legal.license" not in current_card(model).values
    assert is_void(approved)


def test_what_does_not_fit_the_card_is_said_by_the_name_that_was_sent(cast, model):
    with pytest.raises(Invalid) as refused:
        change_model(model, by=cast.nina, display_name="x" * 150, framework="onnx")
    assert list(refused.value.fields) == ["display_name"]
    model.refresh_from_db()
    assert (model.display_name, model.framework, current_card(model)) == ("", "", None)


def test_a_row_that_says_otherwise_than_its_card_is_put_right(cast, model):
    save_card(model, by=cast.nina, values={"technical.task": "ocr"})
    type(model).objects.filter(pk=model.pk).update(task="asr")
    model.refresh_from_db()
    change_model(model, by=cast.nina, task="ocr")
    model.refresh_from_db()
    assert (model.task, current_card(model).number) == ("ocr", 1)


def test_each_change_is_remembered_once_and_what_only_the_row_holds_last(cast, model):
    before = Event.objects.count()
    change_model(model, by=cast.nina, framework="onnx", task="ocr")
    events = list(Event.objects.order_by("pk")[before:])
    assert sorted(event.verb for event in events) == ["card.saved", "model.changed", "model.changed"]
    assert details_of(events[-1])["details"]["after"] == {"framework": "onnx"}
