"""Only kinds of files that belong to a model: everything else is named, so that nobody carries along what he did not mean to."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, count, listed
from governance.validation.checks.verdicts import unready
from governance.validation.rules import rules, version_with
from governance.validation.states import Severity, Verdict

FIX = "Bring a new version without it, or ask governance to add the kind to the list of those that may be here."
FIX_LEFT = "Files of a submitted version never change: leave it out of the next one. It does no harm."


class FileTypes:
    """Compare what each file really is with the list of kinds that may be here."""

    id = "file-types"
    codes = ("V07",)
    stage = "Security"
    title = "Only kinds of files that belong here"
    severity = Severity.HIGH
    tiers = TIERS
    needs = frozenset({"hosted", "files", "readings"})
    explains = (
        "Compares the real kind of each file, found by its content, with the list of kinds that may be here. Programs, notebooks and "
        "kinds that nobody can check are refused; leftovers of editors and systems are named."
    )

    @property
    def version(self) -> str:
        """Change with the code and with the list of kinds."""
        return version_with(1, "file_types")

    def run(self, subject: Subject) -> CheckAnswer:
        """Name every file whose kind is not on the list."""
        answer = unready(subject)
        if answer is not None:
            return answer
        known = rules("file_types").data
        kinds = {path: reading.format for path, reading in subject.readings.items()}
        unread = {path for path, reading in subject.readings.items() if reading.verdict == "error"}
        bad = [path for path, kind in kinds.items() if kind not in known["kinds"] and path not in unread]
        left = [path for path in kinds if _is_leftover(path, known)]
        found = [_refused(path, kinds[path], known)
                 for path in bad]  # fmt: skip
        found += [Found(Severity.LOW, "other", f"{path} is left over from a program and belongs to no model.", path, fix=FIX_LEFT) for path in left]
        counted = {kind: list(kinds.values()).count(kind) for kind in sorted(set(kinds.values()))}
        evidence: dict[str, object] = {"kinds": counted, "could not be read": sorted(unread)[:50]}
        if unread:
            said = f"{count(len(unread), 'file')} could not be read, so its kind is not known."
            return CheckAnswer(Verdict.ERROR, said, evidence, tuple(found))
        if bad:
            return CheckAnswer(
                Verdict.FAIL, f"{count(len(bad), 'file')} of a kind that may not be here: {listed(bad)}."[:390], evidence, tuple(found)
            )
        if left:
            return CheckAnswer(Verdict.WARN, f"Left over from other programs: {listed(left)}."[:390], evidence, tuple(found))
        return CheckAnswer(Verdict.PASS, f"{count(len(kinds), 'file')} of kinds that may be here: {listed(counted, 12)}.", evidence)


def _refused(path: str, kind: str, known: Mapping[str, Any]) -> Found:
    title = known["titles"].get(kind, "of a kind that may not be here")
    return Found(Severity.HIGH, "other", f"{path} is {title}.", path, kind, FIX)


def _is_leftover(path: str, known: Mapping[str, Any]) -> bool:
    parts = PurePosixPath(path).parts
    folders = set(known["left_folders"])
    return parts[-1].lower() in known["left_files"] or any(part.lower() in folders for part in parts[:-1])
