"""V08: sizes and quota."""

from dataclasses import replace

from governance.validation.checks.sizes import Sizes
from tests.governance.validation.checks.world import subject


def test_small_files_pass_and_the_numbers_are_evidence(tmp_path):
    answer = Sizes().run(subject(tmp_path, {"a.txt": b"abc"}, used_bytes=10, quota_bytes=1000))
    assert answer.verdict == "pass"
    assert answer.evidence == {"files": 1, "bytes": 3, "team": 10, "quota": 1000}


def test_a_file_or_a_version_beyond_its_bound_fails(tmp_path):
    small = subject(tmp_path, {"a.txt": b"abc"})
    answer = Sizes().run(replace(small, files=(replace(small.files[0], size=3 * 10**12),)))
    assert answer.verdict == "fail"
    assert [found.path for found in answer.findings] == ["a.txt", ""]


def test_a_quota_that_is_nearly_used_up_warns(tmp_path):
    answer = Sizes().run(subject(tmp_path, {"a.txt": b"abc"}, used_bytes=990, quota_bytes=1000))
    assert (answer.verdict, answer.sentence) == ("warn", "99% of the team's quota is used.")
