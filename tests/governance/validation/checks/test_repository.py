"""V20: a folder in the layout of the Hugging Face hub is whole."""

import json

import pytest

from governance.validation.checks.repository import Repository
from tests.factories import safetensors
from tests.governance.validation.checks.world import subject

CONFIG = {"model_type": "bert", "architectures": ["BertModel"], "vocab_size": 100}
WHOLE = {"model.safetensors": safetensors(), "config.json": json.dumps(CONFIG).encode(), "tokenizer.json": b"{}"}


def judged(tmp_path, files, **more):
    return Repository().run(subject(tmp_path, files, **more))


def with_config(**values):
    return WHOLE | {"config.json": json.dumps(CONFIG | values).encode()}


def test_a_whole_folder_passes(tmp_path):
    assert judged(tmp_path, WHOLE).verdict == "pass"


@pytest.mark.parametrize(("tier", "verdict"), [("T4", "fail"), ("T3", "fail"), ("T2", "warn"), ("T1", "warn")])
def test_code_that_comes_along_needs_a_strict_tier_and_a_review(tmp_path, tier, verdict):
    answer = judged(tmp_path, with_config(auto_map={"AutoModel": "modeling_x.XModel"}), tier=tier)
    assert (answer.verdict, answer.findings[0].kind, answer.findings[0].where) == (verdict, "code", "auto_map")
    assert "modeling_x.XModel" in answer.findings[0].message


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"model_type": "bert"} x'])
def test_settings_that_cannot_be_used_fail(tmp_path, content):
    assert judged(tmp_path, WHOLE | {"config.json": content}).verdict == "fail"


def test_settings_that_name_no_model_warn(tmp_path):
    assert judged(tmp_path, WHOLE | {"config.json": b"{}"}).verdict == "warn"


def test_missing_parts_fail_by_the_index_and_by_their_numbers(tmp_path):
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    part = {"model-00001-of-00002.safetensors": safetensors()}
    rest = {path: content for path, content in WHOLE.items() if path != "model.safetensors"}
    by_index = judged(tmp_path, rest | part | {"model.safetensors.index.json": json.dumps(index).encode()})
    assert by_index.verdict == "fail"
    assert by_index.findings[0].message.endswith("model-00002-of-00002.safetensors, which is not there.")
    assert judged(tmp_path, rest | part).verdict == "fail"
    both = part | {"model-00002-of-00002.safetensors": safetensors(1), "model.safetensors.index.json": json.dumps(index).encode()}
    assert judged(tmp_path, rest | both).verdict == "pass"


@pytest.mark.parametrize(
    ("there", "verdict"), [(["vocab.txt"], "pass"), (["vocab.json", "merges.txt"], "pass"), (["vocab.json"], "warn"), ([], "warn")]
)
def test_a_model_of_text_has_its_tokenizer_beside_it(tmp_path, there, verdict):
    files = {path: content for path, content in WHOLE.items() if path != "tokenizer.json"} | dict.fromkeys(there, b"{}\n")
    assert judged(tmp_path, files).verdict == verdict


def test_a_model_of_images_needs_none(tmp_path):
    files = {path: content for path, content in with_config(model_type="vit").items() if path != "tokenizer.json"}
    assert judged(tmp_path, files).verdict == "pass"


@pytest.mark.parametrize(("beside", "verdict"), [(b"{{ messages }}", "pass"), (b"{{ other }}", "warn")])
def test_two_chat_templates_are_the_same(tmp_path, beside, verdict):
    settings = json.dumps({"chat_template": "{{ messages }}"}).encode()
    assert judged(tmp_path, WHOLE | {"tokenizer_config.json": settings, "chat_template.jinja": beside}).verdict == verdict


def test_other_layouts_are_not_judged(tmp_path):
    assert judged(tmp_path, {"model.safetensors": safetensors()}).verdict == "na"
