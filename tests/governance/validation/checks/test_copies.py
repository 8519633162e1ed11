"""V35: the same weights are here already; hidden models are never mentioned."""

import pytest

from catalog.artifacts.models import ModelFile
from catalog.artifacts.readers.types import Reading
from catalog.registry.models import RegisteredModel
from governance.validation.checks.base import Copy, SubjectFile
from governance.validation.checks.copies import Copies
from governance.validation.record import record_of
from tests.factories import a_file, a_model, a_submitted_version, a_version, an_approved_version, safetensors
from tests.governance.validation.checks.world import subject

BYTES = safetensors(7)
SAME = Copy("platform-ai/llama", "1.0.0", "model.gguf", "", approved=True)


@pytest.mark.parametrize(("tier", "verdict"), [("T4", "pass"), ("T3", "warn"), ("T1", "warn")])
def test_a_copy_is_mentioned_and_a_reviewer_asked_where_it_matters(tmp_path, tier, verdict):
    answer = Copies().run(subject(tmp_path, {"m.safetensors": BYTES}, tier=tier, copies=(SAME,)))
    assert answer.verdict == verdict
    assert answer.findings[0].message.endswith("model.gguf of platform-ai/llama@1.0.0, which is approved.")


def test_nothing_alike_passes(tmp_path):
    assert Copies().run(subject(tmp_path, {"m.safetensors": BYTES})).verdict == "pass"


def copies_seen(cast, digest):
    version = a_version(a_model(cast.finance_ml, cast.nina), cast.nina)
    return record_of(version, [SubjectFile("m.safetensors", 1, digest, None)], {"m.safetensors": Reading("safetensors", "allow")}, {}).copies


def test_copies_are_those_that_everybody_may_see(cast):
    other = an_approved_version(a_model(cast.platform_ai, cast.pia), cast.pia)
    digest = ModelFile.objects.get(version=other).blob_id
    assert [(copy.version, copy.approved) for copy in copies_seen(cast, digest)] == [(other.version, True)]


@pytest.mark.parametrize("hidden", [{"visibility": "team"}, {"visibility": "teams"}, {"files_on_request": True}])
def test_a_copy_in_a_model_that_is_not_for_everybody_is_no_copy(cast, hidden):
    other = a_submitted_version(a_model(cast.secret_lab, cast.sam), cast.sam)
    RegisteredModel.objects.filter(pk=other.model_id).update(**hidden)
    assert copies_seen(cast, ModelFile.objects.get(version=other).blob_id) == ()


def test_a_draft_of_another_team_is_no_copy(cast):
    draft = a_version(a_model(cast.platform_ai, cast.pia), cast.pia)
    assert copies_seen(cast, a_file(draft, by=cast.pia).blob_id) == ()
