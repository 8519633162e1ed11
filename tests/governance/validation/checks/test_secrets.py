"""V06: secrets are found wherever text is, and never shown."""

import json

import numpy as np
import pytest
from safetensors.numpy import save

from governance.validation.checks.secrets import Secrets
from tests.governance.validation.checks.world import subject

# Put together here, so that nobody's scanner takes this file for a leak.
GITHUB = "ghp_" + "a1B2c3D4e5F6" * 3
AWS = "AKIA" + "QWERTYUIOPASDFGH"
HUB = "hf_" + "AbCdEfGhIj" * 3 + "KlMn"
KEY = "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEow\n"


def weights(**metadata):
    return save({"w": np.zeros(4, np.float32)}, metadata=metadata)


@pytest.mark.parametrize(
    ("path", "content", "line"),
    [
        ("README.md", f"# Model\n\nLoad it with {AWS}.\n", "line 3"),
        ("config.json", json.dumps({"model_type": "bert", "token": GITHUB}), "line 1"),
        ("notes.txt", f"one\ntwo\n{KEY}", "line 3"),
        ("train.yaml", f"hub: {HUB}\n", "line 1"),
        ("model.safetensors", weights(source=f"cloned with {GITHUB}"), "in its metadata"),
    ],
)
def test_a_secret_fails_and_quarantines_wherever_it_stands(tmp_path, path, content, line):
    answer = Secrets().run(subject(tmp_path, {path: content if isinstance(content, bytes) else content.encode()}))
    assert (answer.verdict, answer.quarantines) == ("fail", True)
    assert (answer.findings[0].path, answer.findings[0].where, answer.findings[0].severity) == (path, line, "critical")
    for secret in (GITHUB, AWS, HUB, "MIIEow"):
        assert secret not in repr(answer)


@pytest.mark.parametrize("line", ['password = "correct-horse-battery"', "api_key: 8f3kd92mfkw9", "see https://joe:s3cr3tpw@host.example/x"])
def test_what_only_looks_like_one_is_shown_to_a_reviewer(tmp_path, line):
    answer = Secrets().run(subject(tmp_path, {"settings.yaml": f"# settings\n{line}\n".encode()}))
    assert (answer.verdict, answer.quarantines) == ("warn", False)
    assert answer.findings[0].where == "line 2"
    assert not any(word in repr(answer) for word in ("correct-horse", "8f3kd92", "s3cr3tpw"))


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("tokenizer.json", json.dumps({"model": {"vocab": {"password": 1, "secret": 2, "api_key": 3}}})),
        ("README.md", 'Set `password = "<your password>"` or `api_key: ${API_KEY}`.\nExample: AKIAIOSFODNN7EXAMPLE'),
        (
            "config.json",
            json.dumps({"eos_token": "</s>", "pad_token": "[PAD]", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}),
        ),
        ("train.yaml", "password: null\nsecret: ********\napi_key: your-key-here\n"),
        ("model.safetensors", weights(format="pt", note="password: changeme")),
    ],
)
def test_words_placeholders_and_digests_are_no_secrets(tmp_path, path, content):
    answer = Secrets().run(subject(tmp_path, {path: content if isinstance(content, bytes) else content.encode()}))
    assert answer.verdict == "pass", answer.findings


def test_a_long_line_and_many_files_are_searched_to_the_end(tmp_path):
    files = {"a.json": json.dumps({"x": "y" * 300_000, "z": GITHUB}).encode()} | {f"n{i}.txt": b"nothing\n" for i in range(30)}
    answer = Secrets().run(subject(tmp_path, files))
    assert [found.path for found in answer.findings] == ["a.json"]


def test_a_file_nobody_looked_at_is_never_a_pass(tmp_path):
    lost = subject(tmp_path, {"a.txt": b"x"})
    assert Secrets().run(type(lost)(**{**vars(lost), "looks": {}})).verdict == "error"
