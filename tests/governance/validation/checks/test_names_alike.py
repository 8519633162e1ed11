"""V38: names that can be taken for others."""

import pytest

from catalog.registry.models import RegisteredModel
from governance.validation.checks.names_alike import NamesAlike
from governance.validation.record import record_of
from tests.factories import a_model, a_version
from tests.governance.validation.checks.world import subject


@pytest.mark.parametrize(
    ("publisher", "known"),
    [
        ("meta-1lama", "meta-llama"),
        ("goog1e", "google"),
        ("microsоft", "microsoft"),
        ("mistral-ai", "mistralai"),
        ("nornic-ai", "nomic-ai"),
        ("googel", "google"),
    ],
)
def test_a_publisher_that_looks_like_a_known_one_is_shown_to_a_reviewer(tmp_path, publisher, known):
    answer = NamesAlike().run(subject(tmp_path, publisher=publisher))
    assert answer.verdict == "warn"
    assert f"“{known}”" in answer.findings[0].message


@pytest.mark.parametrize("publisher", ["meta-llama", "Google", "Meta", "Acme", "", "Our research group"])
def test_known_and_unlike_publishers_pass(tmp_path, publisher):
    assert NamesAlike().run(subject(tmp_path, publisher=publisher)).verdict == "pass"


@pytest.mark.parametrize("name", ["llamma-3.1-8b", "mistra1-7b", "stable-difusion-v1-5"])
def test_a_name_that_looks_like_a_known_family_is_shown(tmp_path, name):
    assert NamesAlike().run(subject(tmp_path, name=name, model=f"finance-ml/{name}")).verdict == "warn"


@pytest.mark.parametrize("name", ["mixtral-8x7b", "llama-3.2-1b", "my-llama", "lead-score-v3", "lead-score-de", "invoice-fields"])
def test_known_families_versions_and_languages_pass(tmp_path, name):
    others = ("sales/lead-score", "sales/lead-score-en", "platform-ai/llama-3.1-8b-instruct")
    assert NamesAlike().run(subject(tmp_path, name=name, model=f"finance-ml/{name}", models=others)).verdict == "pass"


def test_a_model_of_another_team_can_be_imitated_and_one_of_the_own_team_not(tmp_path):
    alike = {"name": "lead-scores", "models": ("sales/lead-score",)}
    assert NamesAlike().run(subject(tmp_path, model="finance-ml/lead-scores", **alike)).verdict == "warn"
    assert NamesAlike().run(subject(tmp_path, model="sales/lead-scores", **alike)).verdict == "pass"


def test_a_base_model_of_an_imitated_publisher_is_shown(tmp_path):
    assert NamesAlike().run(subject(tmp_path, card={"lineage.base_model": ["meta-1lama/Llama-3.1-8B"]})).verdict == "warn"


@pytest.mark.parametrize("hidden", ["team", "teams"])
def test_hidden_models_are_not_compared(cast, hidden):
    other = a_model(cast.secret_lab, cast.sam, "falcon-x")
    version = a_version(a_model(cast.finance_ml, cast.nina, "falcon-y"), cast.nina)
    assert "secret-lab/falcon-x" in record_of(version, [], {}, {}).models
    RegisteredModel.objects.filter(pk=other.pk).update(visibility=hidden)
    assert "secret-lab/falcon-x" not in record_of(version, [], {}, {}).models
