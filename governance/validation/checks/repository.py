"""A folder in the layout of the Hugging Face hub is whole: settings, all parts of the weights, a tokenizer, one chat template, no code."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, count, listed, no_files, not_applicable, unseen
from governance.validation.inside.settings import is_one
from governance.validation.rules import rules, version_with
from governance.validation.states import Severity, Verdict

PART = re.compile(r"(.+)-(\d{5})-of-(\d{5})(\.[a-z_]+)")
FIX_CODE = "Use a class that the library brings along and take auto_map out; otherwise the code needs a review by security and at least tier T2."
FIX_CONFIG = "Save the model again with its library, so that config.json is written new."
FIX_PARTS = "Bring all parts in a new version, with the index that belongs to them."
FIX_TOKENIZER = "Bring the tokenizer's files along, or say in the card which tokenizer belongs to the model."
FIX_TEMPLATE = "Keep one of the two, or make them the same: libraries differ in which one they take."


class Repository:
    """Look whether everything that config.json promises is there."""

    id = "repository"
    codes = ("V20",)
    stage = "Security"
    title = "Hub layout is whole"
    severity = Severity.CRITICAL
    tiers = TIERS
    needs = frozenset({"hosted", "files", "looks", "tier"})
    explains = (
        "For files in the layout of the Hugging Face hub: config.json is valid, no auto_map asks libraries to run code that comes along "
        "(otherwise a review by security and at least tier T2), all parts of split weights are there, a tokenizer is there, and there "
        "is one chat template."
    )

    @property
    def version(self) -> str:
        """Change with the code and with the list of model types."""
        return version_with(1, "repositories")

    def run(self, subject: Subject) -> CheckAnswer:
        """Name everything that is missing or contradicts itself."""
        if subject.hosted:
            return not_applicable()
        if not subject.files:
            return no_files()
        read = [file.path for file in subject.files if is_one(file.path)]
        paths = {file.path for file in subject.files}
        if not any(path.rpartition("/")[2] == "config.json" for path in paths) and not any(PART.fullmatch(path) for path in paths):
            return CheckAnswer(Verdict.NA, "The files are not in the layout of the Hugging Face hub: there is no config.json.")
        if (answer := unseen(subject, read)) is not None:
            return answer
        about = {path: subject.looks[path].about for path in read}
        found = [*_code(about), *_configs(about), *_parts(about, paths), *_tokenizers(about, paths, rules("repositories").data)]
        found += _templates(about, subject)
        evidence = {
            "settings": {path: said.get("settings", {}) for path, said in about.items()},
            "parts": sum(bool(PART.fullmatch(p)) for p in paths),
        }
        if any(item.kind == "code" for item in found):
            return _with_code(subject, evidence, found)
        if any(item.severity == Severity.HIGH for item in found):
            return CheckAnswer(Verdict.FAIL, f"{count(len(found), 'thing')} missing or broken in the hub layout.", evidence, tuple(found))
        if found:
            return CheckAnswer(Verdict.WARN, found[0].message, evidence, tuple(found))
        return CheckAnswer(Verdict.PASS, f"{count(len(about), 'file')} of settings agree, and all parts are there.", evidence)


def _with_code(subject: Subject, evidence: Mapping[str, object], found: list[Found]) -> CheckAnswer:
    """Answer for models that bring code: refused below T2; above it a review by security, which the check for code demands."""
    if not subject.is_strict:
        said = f"The model asks libraries to run code that comes with it; in tier {subject.tier} that is not possible."
        return CheckAnswer(Verdict.FAIL, said, evidence, tuple(found))
    said = "The model asks libraries to run code that comes with it: a reviewer of the security track has to read it."
    return CheckAnswer(Verdict.WARN, said, evidence, tuple(found))


def _code(about: Mapping[str, Mapping[str, Any]]) -> Iterator[Found]:
    for path, said in about.items():
        classes = said.get("settings", {}).get("auto_map")
        if classes:
            message = f"{path} asks libraries to run {listed(classes, 3)}, which comes with the model."[:590]
            yield Found(Severity.CRITICAL, "code", message, path, "auto_map", FIX_CODE)


def _configs(about: Mapping[str, Mapping[str, Any]]) -> Iterator[Found]:
    for path, said in about.items():
        if "broken" in said:
            yield Found(Severity.HIGH, "structure", f"{path} cannot be used: {said['broken']}.", path, fix=FIX_CONFIG)
        elif path == "config.json" and not {"model_type", "architectures", "_class_name"} & set(said.get("settings", {})):
            yield Found(Severity.MEDIUM, "structure", "config.json names neither a model type nor an architecture.", path, "model_type", FIX_CONFIG)


def _parts(about: Mapping[str, Mapping[str, Any]], paths: set[str]) -> Iterator[Found]:
    for path, said in about.items():
        folder = path.rpartition("/")[0]
        wanted = [f"{folder}/{part}" if folder else part for part in said.get("parts", ())]
        for part in [part for part in wanted if part not in paths][:20]:
            yield Found(Severity.HIGH, "structure", f"{path} names the part {part}, which is not there.", path, "weight_map", FIX_PARTS)
    split: dict[tuple[str, str, str], set[int]] = {}
    for path in paths:
        if match := PART.fullmatch(path):
            split.setdefault((match.group(1), match.group(3), match.group(4)), set()).add(int(match.group(2)))
    for (stem, total, ending), numbers in sorted(split.items()):
        missing = sorted(set(range(1, min(int(total), 5000) + 1)) - numbers)
        if missing:
            first = f"{stem}-{missing[0]:05d}-of-{total}{ending}"
            yield Found(
                Severity.HIGH, "structure", f"{count(len(missing), 'part')} of {int(total)} missing, the first is {first}.", first, fix=FIX_PARTS
            )


def _tokenizers(about: Mapping[str, Mapping[str, Any]], paths: set[str], known: Mapping[str, Any]) -> Iterator[Found]:
    for path, said in about.items():
        kind = said.get("settings", {}).get("model_type")
        if path.rpartition("/")[2] != "config.json" or kind not in known["text_models"]:
            continue
        folder = path.removesuffix("config.json")
        if not any(all(f"{folder}{name}" in paths for name in way) for way in known["tokenizers"]):
            yield Found(
                Severity.LOW, "structure", f"A model of the kind {kind} needs a tokenizer, and none is beside {path}.", path, fix=FIX_TOKENIZER
            )


def _templates(about: Mapping[str, Mapping[str, Any]], subject: Subject) -> Iterator[Found]:
    """Name a chat template that exists twice and differs; the language of templates is the matter of the check for code."""
    apart = {file.path.rpartition("/")[0]: file for file in subject.files if file.path.rpartition("/")[2] == "chat_template.jinja"}
    for path, said in about.items():
        inside = said.get("settings", {}).get("chat_template")
        beside = apart.get(path.rpartition("/")[0])
        if path.rpartition("/")[2] == "tokenizer_config.json" and inside and beside is not None and inside != beside.sha256:
            message = f"{path} and {beside.path} hold two chat templates that differ."
            yield Found(Severity.LOW, "structure", message, beside.path, "chat_template", FIX_TEMPLATE)
