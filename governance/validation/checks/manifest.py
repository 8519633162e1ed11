"""The two digests a version is known by: of our own manifest, which decisions are bound to, and of OpenSSF Model Signing, for others."""

import hashlib
from pathlib import PurePosixPath

from catalog.artifacts.manifest import manifest_digest
from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, SubjectFile, count, no_files
from governance.validation.inside.bundles import is_one
from governance.validation.states import Severity, Verdict

# What signers leave out of their list: the signature itself, and the traces of version control.
IGNORED = frozenset({".git", ".gitattributes", ".github", ".gitignore"})
FIX = "Nothing you can mend: tell whoever runs this marketplace that the list of files changed after the submit."


class Manifest:
    """Compute both digests from the list of files, and compare ours with the one that was submitted."""

    id = "manifest"
    codes = ("V30",)
    version = "1"
    stage = "Identity"
    title = "Digests of the whole version"
    severity = Severity.CRITICAL
    tiers = TIERS
    needs = frozenset({"hosted", "files", "manifest_digest"})
    explains = (
        "Computes the digest of the list of files (path, size, sha256), to which every decision is bound, and the root digest of "
        "OpenSSF Model Signing, by which other tools know the same files."
    )

    def run(self, subject: Subject) -> CheckAnswer:
        """Return both digests as evidence."""
        if subject.hosted:
            return CheckAnswer(Verdict.NA, "A vendor serves this model; the digest is that of its description.", {"digest": subject.manifest_digest})
        if not subject.files:
            return no_files()
        ours = manifest_digest({"path": file.path, "size": file.size, "sha256": file.sha256} for file in subject.files)
        evidence: dict[str, object] = {"manifest": ours, "oms_root": root_digest(subject.files), "files": len(subject.files)}
        if ours != subject.manifest_digest:
            message = f"The files have the digest {ours[:12]}…; submitted was {subject.manifest_digest[:12]}…."
            found = Found(Severity.CRITICAL, "structure", message, fix=FIX)
            return CheckAnswer(Verdict.FAIL, "The list of files is not the one that was submitted.", evidence, (found,))
        return CheckAnswer(Verdict.PASS, f"{count(len(subject.files), 'file')} under the digest {ours[:12]}….", evidence)


def signed_files(files: tuple[SubjectFile, ...]) -> list[SubjectFile]:
    """Return the files that a signature covers, in the order of their paths by folder and name."""
    covered = [file for file in files if not is_one(file.path) and IGNORED.isdisjoint(PurePosixPath(file.path).parts)]
    return sorted(covered, key=lambda file: PurePosixPath(file.path))


def root_digest(files: tuple[SubjectFile, ...]) -> str:
    """Return the root digest of OpenSSF Model Signing: the sha256 over the digests of the files in that order, without their names."""
    return hashlib.sha256(b"".join(bytes.fromhex(file.sha256) for file in signed_files(files))).hexdigest()
