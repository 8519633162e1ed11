"""The stored bytes are the ones that were submitted: every byte is hashed again."""

import hashlib
from pathlib import Path

from catalog.artifacts.manifest import manifest_digest
from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, SubjectFile, count, no_files, not_applicable, worst_of
from governance.validation.states import Severity, Verdict

CHUNK = 4 * 1024 * 1024
FIX_LOST = "Nothing you can mend: tell whoever runs this marketplace that stored bytes are missing."
FIX_CHANGED = "Nothing you can mend: tell whoever runs this marketplace that stored bytes changed, and restore them from a backup."


class Integrity:
    """Hash every stored file again and compare size, digest and manifest."""

    id = "integrity"
    version = "1"
    stage = "Integrity"
    title = "Stored bytes are the submitted ones"
    codes = ("V01",)
    severity = Severity.CRITICAL
    tiers = TIERS
    needs = frozenset({"hosted", "files", "manifest_digest", "digests"})
    explains = "Hashes every stored byte again and compares it with what was submitted."

    def run(self, subject: Subject) -> CheckAnswer:
        """Compare what lies in the store with what was pinned at the submit."""
        if subject.hosted:
            return not_applicable()
        if not subject.files:
            return no_files()
        answers = [_compare(file, subject) for file in subject.files]
        found = [item for _, item in answers if item is not None]
        verdicts = [verdict for verdict, _ in answers]
        rows = [{"path": file.path, "size": file.size, "sha256": file.sha256} for file in subject.files]
        if manifest_digest(rows) != subject.manifest_digest:
            verdicts.append(Verdict.FAIL)
            found.append(Found(Severity.CRITICAL, "structure", "The files are no longer those of the manifest that was submitted.", fix=FIX_CHANGED))
        evidence = {"manifest": subject.manifest_digest, "files": rows[:500], "bytes": sum(file.size for file in subject.files)}
        verdict = worst_of(verdicts)
        sentence = (
            f"{count(len(rows), 'file')} hashed again; every byte is the one that was submitted."
            if verdict == Verdict.PASS
            else f"{count(len(found), 'problem')} with the stored bytes of {count(len(rows), 'file')}."
        )
        return CheckAnswer(verdict, sentence, evidence, tuple(found))


def _compare(file: SubjectFile, subject: Subject) -> tuple[Verdict, Found | None]:
    if file.local is None:
        return Verdict.ERROR, Found(Severity.CRITICAL, "other", f"The bytes of {file.path} are not in the store.", file.path, fix=FIX_LOST)
    try:
        size, digest = file.local.stat().st_size, subject.digests.get(file.path, "")
        if not digest:
            size, digest = _hash(file.local, subject)
    except OSError as fault:
        message = f"The bytes of {file.path} could not be read ({type(fault).__name__})."
        return Verdict.ERROR, Found(Severity.CRITICAL, "other", message, file.path, fix=FIX_LOST)
    if (size, digest) == (file.size, file.sha256):
        return Verdict.PASS, None
    message = f"{file.path} should be {file.size:,} bytes with sha256 {file.sha256[:12]}…; stored are {size:,} bytes with {digest[:12]}…"
    return Verdict.FAIL, Found(Severity.CRITICAL, "structure", message, file.path, f"sha256 {digest}", FIX_CHANGED)


def _hash(path: Path, subject: Subject) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            subject.beat()
    return size, digest.hexdigest()
