"""V33: the source is pinned to a commit."""

import pytest

from governance.validation.checks.upstream import Upstream
from tests.governance.validation.checks.world import COMMIT, subject


@pytest.mark.parametrize("revision", [COMMIT, COMMIT.upper(), COMMIT + "0" * 24])
def test_a_full_commit_passes(tmp_path, revision):
    assert Upstream().run(subject(tmp_path, origin="open", upstream_commit=revision)).verdict == "pass"


@pytest.mark.parametrize("revision", ["main", "v1.0", COMMIT[:7], ""])
@pytest.mark.parametrize(("tier", "verdict"), [("T4", "warn"), ("T3", "warn"), ("T2", "fail"), ("T1", "fail")])
def test_anything_that_can_move_warns_and_fails_where_it_matters(tmp_path, revision, tier, verdict):
    answer = Upstream().run(subject(tmp_path, tier=tier, card={"identity.upstream_revision": ""}, origin="open", upstream_commit=revision))
    assert answer.verdict == verdict
    assert answer.findings[0].fix


def test_own_and_hosted_models_have_no_source_to_pin(tmp_path):
    assert Upstream().run(subject(tmp_path)).verdict == "na"
    assert Upstream().run(subject(tmp_path, hosted=True, origin="vendor")).verdict == "na"
