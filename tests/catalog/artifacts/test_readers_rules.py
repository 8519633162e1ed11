"""Rule sets are data with versions: a change of any of them changes the version that verdicts carry."""

import shutil
from pathlib import Path

import pytest
import yaml

from catalog.artifacts.readers import READERS_VERSION, rules

FILES = rules.files()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_rule_set_says_what_it_is_and_names_everything_once(path):
    found = yaml.safe_load(path.read_text())
    assert type(found.pop("version")) is int
    assert path.read_text().startswith("# ")
    for key, groups in found.items():
        names = [name for group in groups.values() for name in group]
        assert names, key
        assert len(names) == len(set(names)), key
        assert all(isinstance(name, str) for name in names)


def test_any_change_of_the_data_changes_the_version(tmp_path, monkeypatch):
    shutil.copytree(Path(rules.__file__).parent, tmp_path / "rules")
    monkeypatch.setattr(rules, "_FOLDER", tmp_path / "rules")
    assert rules.version() == READERS_VERSION
    with (tmp_path / "rules" / "onnx.yaml").open("a") as stream:
        stream.write("# a remark\n")
    assert rules.version() != READERS_VERSION
    assert len(READERS_VERSION) <= 20, "it is stored with every check"


def test_functions_that_load_or_run_are_on_no_list():
    known = rules.names("globals", "allow") | rules.names("globals", "review")
    assert not known & {"torch.load", "torch.hub.load", "numpy.load", "joblib.load", "builtins.getattr", "builtins.eval", "functools.partial",
                        "torch.storage._load_from_bytes", "numpy._core._ufunc_reconstruct", "scipy.stats._distn_infrastructure.rv_continuous"}  # fmt: skip
    operations = rules.names("tensorflow", "allow") | rules.names("tensorflow", "saver") | rules.names("tensorflow", "review")
    assert not operations & {"ReadFile", "WriteFile", "PyFunc", "EagerPyFunc", "MatchingFiles", "PrintV2", "Save", "LoadDataset", "DebugIdentityV2"}
    assert not rules.names("keras", "classes") & rules.names("keras", "denied")
