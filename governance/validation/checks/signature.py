"""A signature that comes with the files holds for exactly these files, and it is said whose it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, no_files, not_applicable, unseen, worst_of
from governance.validation.checks.manifest import root_digest, signed_files
from governance.validation.inside.bundles import is_one
from governance.validation.rules import rules, version_with
from governance.validation.signing import Trust, Unknown, Verified, Wrong, trust_of, verify
from governance.validation.states import Severity, Verdict

FIX_WRONG = "Find out where the files or the signature were changed; sign the very files again, or leave the signature out of a new version."
FIX_UNKNOWN = "Ask governance to add the signer to the list of trusted ones, or tell the reviewer how you know who it is."
FIX_LEFT_OUT = "Sign again without leaving files out, or tell the reviewer why these need no signature."


class Signature:
    """Verify every bundle of OpenSSF Model Signing that is among the files."""

    id = "signature"
    codes = ("V31",)
    stage = "Identity"
    title = "Signature over the files"
    severity = Severity.CRITICAL
    tiers = TIERS
    needs = frozenset({"hosted", "files", "looks", "day"})
    explains = (
        "Verifies signatures in the form of OpenSSF Model Signing (model.sig.json), by key or certificate, over exactly these files. A "
        "signature that does not hold fails; one by a signer that is not on the list of trusted ones is shown to a reviewer. Nobody has "
        "to sign."
    )

    @property
    def version(self) -> str:
        """Change with the code and with the list of signers."""
        return version_with(1, "signers")

    def run(self, subject: Subject) -> CheckAnswer:
        """Say of each signature whether it holds and whose it is."""
        if subject.hosted:
            return not_applicable()
        if not subject.files:
            return no_files()
        bundles = [file.path for file in subject.files if is_one(file.path)]
        if not bundles:
            return CheckAnswer(Verdict.NA, "The files are not signed: there is no bundle such as model.sig.json among them.")
        if (answer := unseen(subject, bundles)) is not None:
            return answer
        files = {file.path: file.sha256 for file in signed_files(subject.files)}
        trust, now = trust_of(rules("signers").data), timezone.now()
        answers = [_judge(path, subject.looks[path].about, files, trust, now=now) for path in bundles]
        evidence = {"oms_root": root_digest(subject.files), "signatures": [row for _, row, _ in answers]}
        verdict = worst_of(verdict for verdict, _, _ in answers)
        sentence = next(str(row["said"]) for said, row, _ in answers if said == verdict)
        return CheckAnswer(verdict, sentence, evidence, tuple(found for _, _, found in answers if found is not None))


def _judge(
    path: str, about: Mapping[str, Any], files: Mapping[str, str], trust: Trust, *, now: datetime
) -> tuple[Verdict, dict[str, object], Found | None]:
    row: dict[str, object] = {"path": path}
    try:
        if "bundle" not in about:
            raise Wrong(f"It is no signature bundle ({about.get('broken', 'empty')}).")
        verified = verify(about["bundle"], files, trust, now=now)
    except Wrong as wrong:
        said = f"The signature {path} does not hold. {wrong}"
        return Verdict.FAIL, row | {"said": said}, Found(Severity.CRITICAL, "structure", said, path, fix=FIX_WRONG)
    except Unknown as unknown:
        said = f"The signature {path} could not be verified. {unknown}"
        return Verdict.WARN, row | {"said": said}, Found(Severity.MEDIUM, "other", said, path, fix=FIX_UNKNOWN)
    row |= {"signer": verified.signer, "trusted": verified.trusted, "left out": list(verified.ignored)[:50]}
    return _verified(path, verified, row, len(files))


def _verified(path: str, verified: Verified, row: dict[str, object], total: int) -> tuple[Verdict, dict[str, object], Found | None]:
    if not verified.trusted:
        said = f"The signature {path} holds for these files. {verified.why}"
        return Verdict.WARN, row | {"said": said}, Found(Severity.MEDIUM, "other", said, path, fix=FIX_UNKNOWN)
    if verified.ignored:
        said = f"The signature {path} holds, but leaves out {len(verified.ignored):,} of {total:,} files, such as {verified.ignored[0][:100]}."
        return Verdict.WARN, row | {"said": said}, Found(Severity.MEDIUM, "other", said, path, fix=FIX_LEFT_OUT)
    return Verdict.PASS, row | {"said": f"{total:,} files signed. {verified.why}"}, None
