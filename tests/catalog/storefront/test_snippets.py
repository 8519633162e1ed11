"""The snippets really fetch what was approved, from a real server, with the token in the environment only."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.registry.actions import give_grant
from catalog.storefront.snippets import MOST_FILES, snippets_for
from marketplace.accounts.actions import issue_token
from tests import cast as people
from tests.factories import a_file, a_model, a_version, an_approved_version

ODD = "data/it's $(odd) & 100% #1.txt"


@pytest.fixture
def approved(cast):
    """An approved version with one file."""
    return an_approved_version(a_model(cast.finance_ml, cast.nina, "fields"), cast.nina)


def test_snippets_are_plain_text_that_names_the_version_and_no_secret(approved):
    texts = {snippet.key: snippet.text for snippet in snippets_for(approved)}
    assert set(texts) == {"curl", "requests", "urllib"}
    for text in texts.values():
        assert "/api/v1/models/finance-ml/fields/versions/1.0.0/files" in text
        assert "MARKETPLACE_TOKEN" in text
        assert "mkt_" not in text
        assert "&quot;" not in text
        assert "{{" not in text
    for key in ("requests", "urllib"):
        compile(texts[key], key, "exec")


def test_names_of_files_cannot_break_out_of_the_shell(cast):
    version = a_version(a_model(cast.finance_ml, cast.nina, "fields"), cast.nina)
    a_file(version, path=ODD, by=cast.nina)
    shell = snippets_for(version)[0].text
    checked = subprocess.run(["/bin/sh", "-n"], input=shell, text=True, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "%24%28odd%29" in shell
    assert """'data/it'"'"'s $(odd) & 100% #1.txt'""" in shell


def test_a_long_list_of_files_is_cut_and_says_so(cast):
    version = a_version(a_model(cast.finance_ml, cast.nina, "fields"), cast.nina)
    for number in range(MOST_FILES + 1):
        a_file(version, b"x" * (number + 1), path=f"part-{number:03}.bin", by=cast.nina)
    shell = snippets_for(version)[0].text
    assert shell.count("curl --fail") == MOST_FILES
    assert "There are more files" in shell


@pytest.mark.parametrize("key", ["curl", "requests", "urllib"])
def test_a_snippet_fetches_the_approved_bytes(transactional_db, live_server, settings, tmp_path, key):
    cast = people.load()
    model = a_model(cast.finance_ml, cast.nina, "fields")
    version = an_approved_version(model, cast.nina)
    wanted = version.files.get()
    use_case = version.approvals.get().use_case
    give_grant(model, team=cast.claims_api, use_case=use_case, until=timezone.now() + timedelta(days=3), by=cast.paul)
    settings.PUBLIC_URL = live_server.url
    text = next(snippet.text for snippet in snippets_for(version) if snippet.key == key)
    command = ["/bin/sh"] if key == "curl" else [sys.executable, "-"]

    def run(person):
        _, secret = issue_token(person, by=person, name="snippet", scopes=["read", "download"], days=1)
        environment = {"PATH": os.environ["PATH"], "MARKETPLACE_TOKEN": secret}
        return subprocess.run(command, input=text, text=True, capture_output=True, check=False, cwd=tmp_path, env=environment, timeout=60)

    refused = run(cast.bea)
    assert refused.returncode != 0
    assert "403" in refused.stderr
    done = run(cast.ivo)
    assert done.returncode == 0, done.stderr
    target = tmp_path / "model.safetensors" if key == "curl" else tmp_path / "fields" / "model.safetensors"
    assert target.stat().st_size == wanted.blob.size
