"""V49: the card says what the files say."""

import json

import numpy as np
import pytest
from safetensors.numpy import save

from governance.validation.checks.claims import Claims
from tests.governance.validation.checks.world import subject

CONFIG = json.dumps({"architectures": ["BertForSequenceClassification"], "model_type": "bert", "max_position_embeddings": 512}).encode()
FILES = {"model.safetensors": save({"w": np.zeros((10, 100), np.float16)}), "config.json": CONFIG}
TRUE = {"technical.parameter_count": 1000, "technical.precision": ["float16"], "technical.architecture": "BERT", "technical.context_length": 512}


def test_true_claims_pass_and_are_named(tmp_path):
    answer = Claims().run(subject(tmp_path, FILES, card=TRUE))
    assert answer.verdict == "pass"
    assert set(answer.evidence["compared"]) == set(TRUE)


@pytest.mark.parametrize(
    ("key", "claim"),
    [
        ("technical.parameter_count", 1100),
        ("technical.precision", ["int8"]),
        ("technical.architecture", "LlamaForCausalLM"),
        ("technical.context_length", 8192),
    ],
)
def test_a_claim_that_differs_warns_with_both_values(tmp_path, key, claim):
    answer = Claims().run(subject(tmp_path, FILES, card=TRUE | {key: claim}))
    assert (answer.verdict, [found.where for found in answer.findings]) == ("warn", [key])
    assert "the card says" in answer.findings[0].message


def test_rounded_numbers_are_the_same(tmp_path):
    assert Claims().run(subject(tmp_path, FILES, card=TRUE | {"technical.parameter_count": 1040})).verdict == "pass"


def test_what_was_found_in_the_files_is_no_claim(tmp_path):
    found = subject(tmp_path, FILES, card=TRUE, sources=dict.fromkeys(TRUE, "found"))
    assert Claims().run(found).verdict == "na"
