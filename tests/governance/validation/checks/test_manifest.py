"""V30: both digests of a version."""

from dataclasses import replace

from model_signing import hashing

from governance.validation.checks.manifest import Manifest
from tests.governance.validation.checks.world import subject

FILES = {"b.txt": b"b", "a/z.txt": b"z", "a-b.txt": b"ab", "a.txt": b"a", "Z.txt": b"Z", "a/a/x.txt": b"x"}


def write(folder, files):
    """The same files as a folder, for tools that read folders."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def test_both_digests_are_evidence_and_ours_is_the_submitted_one(tmp_path):
    made = subject(tmp_path, FILES)
    answer = Manifest().run(made)
    assert (answer.verdict, answer.evidence["manifest"]) == ("pass", made.manifest_digest)


def test_the_root_digest_is_the_one_that_the_signing_tool_computes(tmp_path):
    folder = write(tmp_path / "model", FILES)
    theirs = hashing.Config().use_file_serialization().hash(folder)
    expected = b"".join(item.digest.digest_value for item in theirs.resource_descriptors())
    import hashlib

    assert Manifest().run(subject(tmp_path, FILES)).evidence["oms_root"] == hashlib.sha256(expected).hexdigest()


def test_another_list_of_files_fails(tmp_path):
    answer = Manifest().run(replace(subject(tmp_path, FILES), manifest_digest="0" * 64))
    assert (answer.verdict, answer.findings[0].severity) == ("fail", "critical")
