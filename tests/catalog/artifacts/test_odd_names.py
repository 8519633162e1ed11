"""The gate answers for odd names what every other address answers: not found, never a fault, never another file."""

import pytest

from catalog.artifacts import gate
from catalog.registry.actions import set_alias
from catalog.registry.queries import model_named, version_named
from marketplace.errors import NotFound
from tests.factories import a_model, an_approved_version

ODD = [
    "@", "@@", "@steady%", "@%", "@_teady", "@ste\\ady", "@'", "@steady'--", '@"', "@\u0130", "@" + "a" * 100_000, "%", "_.0.0", "1.0.0%", "1.0.0\\", "", " ", "1.0.0 ",
    "@steady\n", "\u200b", "@steady\u200b", "1.0.0\u0000", "@\u0000", "@steady;", "@{steady}", "@%s", "%(x)s", "{}", "@None", "\ufffd", "１.0.0",
]  # fmt: skip


@pytest.fixture
def served(cast):
    model = a_model(cast.finance_ml, cast.paul, "fraud-risk")
    version = an_approved_version(model, cast.paul)
    set_alias(model, "steady", version, by=cast.paul)
    return version


def outcome(ask):
    try:
        return ask()
    except NotFound:
        return None


def test_an_odd_name_of_a_version_means_the_same_to_the_gate_as_to_every_page(cast, served):
    for name in ODD:
        as_page = outcome(lambda name=name: version_named(model_named(cast.nina, "finance-ml", "fraud-risk"), name).pk)
        at_gate = outcome(lambda name=name: gate.resolve_named(cast.nina, None, ("finance-ml", "fraud-risk", name), "model.safetensors").version.pk)
        assert at_gate == as_page is None, name[:40]


def test_odd_names_of_teams_and_models_and_odd_paths_find_nothing(cast, served):
    for odd in filter(None, (name.lstrip("@") for name in ODD)):
        for address, path in (
            ((odd, "fraud-risk", "@steady"), "model.safetensors"),
            (("finance-ml", odd, "@steady"), "model.safetensors"),
            (("finance-ml", "fraud-risk", "@steady"), odd),
        ):
            assert outcome(lambda a=address, p=path: gate.resolve_named(cast.nina, None, a, p)) is None, odd[:40]


def test_names_in_any_case_find_the_one_file_and_paths_only_as_they_are(cast, served):
    found = gate.resolve_named(cast.nina, None, ("FINANCE-ml", "Fraud-RISK", "@Steady"), "model.safetensors")
    assert found.version == served
    assert outcome(lambda: gate.resolve_named(cast.nina, None, ("finance-ml", "fraud-risk", "@steady"), "MODEL.safetensors")) is None


def test_a_version_is_never_found_by_the_name_of_an_alias_nor_an_alias_of_another_model(cast, served):
    other = an_approved_version(a_model(cast.finance_ml, cast.paul, "other"), cast.paul)
    set_alias(other.model, "other-good", other, by=cast.paul)
    for name in ("steady", "@other-good", f"@{served.version}", "other-good"):
        assert outcome(lambda name=name: gate.resolve_named(cast.nina, None, ("finance-ml", "fraud-risk", name), "model.safetensors")) is None
