"""Sizes stay within what this marketplace keeps: of one file, of one version, of the team's quota."""

from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, count, no_files, not_applicable
from governance.validation.rules import rules, version_with
from governance.validation.states import Severity, Verdict

FIX_FILE = "Split the weights into parts (most libraries do it when they save), or ask governance for a larger bound."
FIX_VERSION = "Leave out what the model does not need: optimizer states, checkpoints, the same weights in a second format."
FIX_QUOTA = "Remove versions that nobody uses, or ask an administrator for a larger quota."


class Sizes:
    """Compare sizes and numbers of files with the bounds."""

    id = "sizes"
    codes = ("V08",)
    stage = "Integrity"
    title = "Size and quota"
    severity = Severity.MEDIUM
    tiers = TIERS
    needs = frozenset({"hosted", "files", "record"})
    explains = "Compares the size of each file, of the whole version and of everything the team keeps with the bounds of this marketplace."

    @property
    def version(self) -> str:
        """Change with the code and with the bounds."""
        return version_with(1, "sizes")

    def run(self, subject: Subject) -> CheckAnswer:
        """Name what is larger than it may be; a quota that is nearly used up warns."""
        if subject.hosted:
            return not_applicable()
        if not subject.files:
            return no_files()
        bounds, record = rules("sizes").data, subject.record
        total = sum(file.size for file in subject.files)
        found = [
            Found(Severity.MEDIUM, "other", f"{file.path} has {file.size:,} bytes; at most {bounds['file_bytes']:,} are kept in one file.", file.path,
                  fix=FIX_FILE)
            for file in subject.files if file.size > bounds["file_bytes"]
        ]  # fmt: skip
        found += [Found(Severity.MEDIUM, "other", sentence, fix=FIX_VERSION) for sentence in _too_much(len(subject.files), total, bounds)]
        evidence: dict[str, object] = {"files": len(subject.files), "bytes": total, "team": record.used_bytes, "quota": record.quota_bytes}
        if found:
            return CheckAnswer(Verdict.FAIL, f"{count(len(found), 'bound')} of size exceeded.", evidence, tuple(found))
        used = record.used_bytes / record.quota_bytes if record.quota_bytes else 0.0
        if used > bounds["warn_at"]:
            message = f"The team uses {record.used_bytes:,} of {record.quota_bytes:,} bytes."
            near = Found(Severity.LOW, "other", message, fix=FIX_QUOTA)
            return CheckAnswer(Verdict.WARN, f"{used:.0%} of the team's quota is used.", evidence, (near,))
        return CheckAnswer(Verdict.PASS, f"{count(len(subject.files), 'file')} with {total:,} bytes, within all bounds.", evidence)


def _too_much(number: int, total: int, bounds: dict[str, int]) -> list[str]:
    said = []
    if number > bounds["files"]:
        said.append(f"The version has {number:,} files; at most {bounds['files']:,} are kept.")
    if total > bounds["version_bytes"]:
        said.append(f"The version has {total:,} bytes; at most {bounds['version_bytes']:,} are kept.")
    return said
