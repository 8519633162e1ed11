"""Rules are files: ours are read, a company's take their place, broken ones never pass."""

import pytest
import yaml

from governance.validation.checks import CHECKS
from governance.validation.rules import HERE, NAMES, RulesBroken, rules, version_with


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_file_of_rules_is_read_and_judged_by(name, settings, tmp_path):
    before = {check.id: check.version for check in CHECKS}
    (tmp_path / f"{name}.yaml").write_text((HERE / f"{name}.yaml").read_text() + "# changed\n")
    settings.RULES_FOLDER = str(tmp_path)
    assert rules(name).data == yaml.safe_load((HERE / f"{name}.yaml").read_text())
    changed = {check.id for check in CHECKS if check.version != before[check.id]}
    assert changed, "a check that judges by it must get another version"


@pytest.mark.parametrize("content", ["[1, 2", "- a list", "", "\x00"])
def test_a_file_that_cannot_be_read_is_named(settings, tmp_path, content):
    (tmp_path / "sizes.yaml").write_text(content)
    settings.RULES_FOLDER = str(tmp_path)
    with pytest.raises(RulesBroken, match=r"sizes\.yaml"):
        rules("sizes")
    assert version_with(1, "sizes") == "1-unreadable"
