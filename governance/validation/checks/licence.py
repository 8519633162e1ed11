"""The licence is known, its text is the one it names, the base model allows it, and nothing forbids it here."""

from collections.abc import Iterable, Mapping
from typing import Any

from governance.validation import licensing
from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, listed, unseen, worst_of
from governance.validation.inside.licences import is_one
from governance.validation.rules import rules, version_with
from governance.validation.states import Severity, Verdict

FIELD = "legal.license"
FIX_NAME = "Use an SPDX name such as Apache-2.0, or bring the text of the licence along as LICENSE and say in its link where it is from."
FIX_DENIED = "Use another model, or ask governance whether the licence may be taken off the list of refused ones."
FIX_TEXT = "Name the licence whose text comes with the files, or bring the right text in a new version."
FIX_BASE = "Ask the legal track whether the base model's licence lets you give yours, or take over the base model's."
FIX_FILES = "Let card and files name the same licence: correct the card, or bring files that say the right one in a new version."

Told = tuple[Verdict, Found]


class Licence:
    """Judge the declared licence by the rules in licences.yaml."""

    id = "licence"
    codes = ("V40",)
    stage = "Licence"
    title = "The licence is known and fits"
    severity = Severity.CRITICAL
    tiers = TIERS
    needs = frozenset({"files", "looks", "readings", "tier", "card", "record"})
    explains = (
        "Reads the licence of the card as an SPDX expression, compares it with the text of the licence among the files, with what the "
        "files themselves say and with the base model's licence, and looks into the list of refused licences."
    )

    @property
    def version(self) -> str:
        """Change with the code and with the list of licences."""
        return version_with(1, "licences")

    def run(self, subject: Subject) -> CheckAnswer:
        """Name every reason against the licence; a refused one quarantines."""
        declared = str(subject.card.values.get(FIELD) or "").strip()
        texts = [file.path for file in subject.files if is_one(file.path)]
        if (answer := unseen(subject, texts)) is not None:
            return answer
        data = rules("licences").data
        licence = licensing.read(declared, data)
        about = {path: subject.looks[path].about for path in texts}
        told = [*_name(licence, bool(texts) or bool(subject.card.values.get("legal.license_link"))), *_terms(licence, data)]
        told += [*_texts(licence, about, data), *_files(licence, subject, data), *_bases(licence, subject, data)]
        verdict = worst_of([Verdict.PASS, *(said for said, _ in told)])
        denied = any(found.kind == "licence" for _, found in told)
        found_texts = {path: list(said.get("licence", ())) for path, said in about.items()}
        evidence = {"declared": declared[:200], "spdx": licence.spdx, "asks": sorted(licence.groups), "texts": found_texts}
        sentence = _passed(licence, texts, data) if verdict == Verdict.PASS else min(told, key=lambda item: _rank(item[0]))[1].message
        return CheckAnswer(verdict, sentence, evidence, tuple(found for _, found in told), quarantines=denied)


def _rank(verdict: Verdict) -> int:
    return [Verdict.ERROR, Verdict.FAIL, Verdict.WARN].index(verdict)


def _name(licence: licensing.Licence, readable: bool) -> Iterable[Told]:  # noqa: FBT001 - whether its text can be read
    if not licence.declared:
        yield Verdict.FAIL, Found(Severity.HIGH, "card", "The card names no licence, so nobody may use the model.", where=FIELD, fix=FIX_NAME)
    elif licence.unknown:
        what = f"“{licence.unknown[:80]}” is no licence that SPDX or this marketplace knows"
        message = f"{what}; a reviewer has to read its text." if readable else f"{what}, and its text is not there to read."
        yield Verdict.WARN if readable else Verdict.FAIL, Found(Severity.HIGH, "card", message, where=FIELD, fix=FIX_NAME)


def _terms(licence: licensing.Licence, data: Mapping[str, Any]) -> Iterable[Told]:
    for name, because in licence.denied:
        message = f"{name} is on the list of refused licences. {because}"
        yield Verdict.FAIL, Found(Severity.CRITICAL, "licence", message, where=FIELD, fix=FIX_DENIED)
    for group in sorted(licence.groups & set(data["look_at"])):
        message = f"{licence.declared[:80]} {data['words'][group]}: a reviewer has to look whether the use is allowed."
        yield Verdict.WARN, Found(Severity.MEDIUM, "other", message, where=FIELD, fix="Say in the restrictions of use what the licence asks.")


def _texts(licence: licensing.Licence, about: Mapping[str, Mapping[str, Any]], data: Mapping[str, Any]) -> Iterable[Told]:
    """Compare the names with the texts that come along; a text nobody knows says nothing against it."""
    for path, said in about.items():
        found = licensing.most_telling(list(said.get("licence", ())), data)
        if found and licence.known and not any(licensing.same_text(name, key) for name in licence.names for key in found):
            message = f"The card says {licence.declared[:80]}, but {path} is the text of {listed(found)}."
            yield Verdict.FAIL, Found(Severity.HIGH, "card", message, path, FIELD, FIX_TEXT)


def _files(licence: licensing.Licence, subject: Subject, data: Mapping[str, Any]) -> Iterable[Told]:
    """Compare with what README.md and the metadata of weights say."""
    for path, reading in subject.readings.items():
        value = reading.facts.get("license", {}).get("value") if reading.verdict in {"allow", "review"} else None
        if not isinstance(value, str) or not licence.known:
            continue
        theirs = licensing.read(value, data)
        if theirs.known and theirs.spdx != licence.spdx:
            message = f"The card says {licence.declared[:80]}, but {path} says {value[:80]}."
            yield Verdict.WARN, Found(Severity.MEDIUM, "card", message, path, FIELD, FIX_FILES)


def _bases(licence: licensing.Licence, subject: Subject, data: Mapping[str, Any]) -> Iterable[Told]:
    """Compare with the licences of the base models that are here and that everybody may see."""
    bases = subject.card.values.get("lineage.base_model")
    for base in [item for item in bases if isinstance(item, str)] if isinstance(bases, list) else []:
        theirs = licensing.read(subject.record.licences.get(base.lower(), ""), data)
        if not theirs.known or not licence.known or theirs.spdx == licence.spdx:
            continue
        for group in sorted(theirs.groups & set(data["from_base"])):
            if not licence.groups & set(data["from_base"][group]):
                message = (
                    f"{base[:100]} is under {theirs.declared[:80]}, which {data['words'][group]}; {licence.declared[:80]} does not go with that."
                )
                yield Verdict.FAIL if subject.is_strict else Verdict.WARN, Found(Severity.HIGH, "other", message, where=FIELD, fix=FIX_BASE)


def _passed(licence: licensing.Licence, texts: list[str], data: Mapping[str, Any]) -> str:
    asks = listed(sorted(data["words"][group] for group in licence.groups))
    return f"{licence.spdx or licence.declared}: it {asks}.{f' Its text is in {listed(texts)}.' if texts else ''}"[:390]
