"""File names are safe on every system, and no two of them can be taken for one another."""

from catalog.artifacts.paths import case_clash, check_path
from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, count, no_files, not_applicable
from governance.validation.states import Severity, Verdict

FIX = "Files of a submitted version never change: add a new version with a better name for this file."


class Names:
    """Judge every file name again, by today's rules."""

    id = "names"
    version = "1"
    stage = "Integrity"
    title = "File names are safe"
    codes = ("V03",)
    severity = Severity.HIGH
    tiers = TIERS
    needs = frozenset({"hosted", "files"})
    explains = "Looks whether file names work on every system, stay inside the folder, and cannot be taken for one another."

    def run(self, subject: Subject) -> CheckAnswer:
        """Look at each name alone and at all of them together."""
        if subject.hosted:
            return not_applicable()
        if not subject.files:
            return no_files()
        found: list[Found] = []
        seen: list[str] = []
        for file in subject.files:
            problem = _problem(file.path, seen)
            seen.append(file.path)
            if problem:
                found.append(Found(Severity.HIGH, "structure", problem, file.path, fix=FIX))
        evidence: dict[str, object] = {"paths": seen[:500], "count": len(seen)}
        if found:
            return CheckAnswer(Verdict.FAIL, f"{count(len(found), 'file name')} cannot be used.", evidence, tuple(found))
        return CheckAnswer(Verdict.PASS, f"{count(len(seen), 'file name')} can be used on every system.", evidence)


def _problem(path: str, others: list[str]) -> str:
    """Say what is wrong with a name; empty when nothing is."""
    try:
        check_path(path)
    except ValueError as wrong:
        return str(wrong)
    clash = case_clash(path, others)
    return f"“{path}” and “{clash}” are the same file on some systems." if clash else ""
