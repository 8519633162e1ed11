"""The name cannot be taken for another model's or publisher's: a letter apart is how people are led to the wrong one."""

from collections.abc import Iterator, Mapping
from typing import Any

from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, count, listed
from governance.validation.naming import imitated
from governance.validation.rules import rules, version_with
from governance.validation.states import Severity, Verdict

FIX_NAME = "If it has to do with that one, say so in the base model and the summary; if not, tell the reviewer why the name is right."
FIX_PUBLISHER = "Correct the publisher or the base model, and look again where the files are really from."
MOST = 10


class NamesAlike:
    """Compare name, publisher and base model with known ones, by letters and by looks."""

    id = "names-alike"
    codes = ("V38",)
    stage = "Identity"
    title = "The name is no imitation"
    severity = Severity.MEDIUM
    tiers = TIERS
    needs = frozenset({"card", "record"})
    explains = (
        "Compares the names of model, publisher and base model with known publishers and families, and the model's name with those "
        "models of other teams that everybody may see. One letter apart, or letters that look alike, is shown to a reviewer."
    )

    @property
    def version(self) -> str:
        """Change with the code and with the list of names."""
        return version_with(1, "names")

    def run(self, subject: Subject) -> CheckAnswer:
        """Name every known name that this one can be taken for."""
        data, record = rules("names").data, subject.record
        if not record.name:
            return CheckAnswer(Verdict.NA, "Nothing is known of the model's name.")
        found = [*_publishers(subject, data), *_models(subject, data)][:MOST]
        evidence = {"name": record.name, "publisher": record.publisher, "compared with models": len(record.models),
                    "with publishers and families": len(data["publishers"]) + len(data["families"])}  # fmt: skip
        if found:
            said = f"{count(len(found), 'name')} can be taken for another: {listed(found[0].message.split('”')[:1])}”."
            return CheckAnswer(Verdict.WARN, said[:390], evidence, tuple(found))
        return CheckAnswer(Verdict.PASS, "Nobody would take the name for another one's.", evidence)


def _publishers(subject: Subject, data: Mapping[str, Any]) -> Iterator[Found]:
    said = {"publisher": subject.record.publisher}
    bases = subject.card.values.get("lineage.base_model")
    for base in bases if isinstance(bases, list) else []:
        if isinstance(base, str) and "/" in base:
            said[f"base model {base[:80]}"] = base.partition("/")[0]
    for what, name in said.items():
        for known in imitated(name, data["publishers"], data):
            message = f"The {what} “{name[:80]}” can be taken for “{known}”, a known publisher."
            yield Found(Severity.MEDIUM, "other", message, where="identity.developed_by", fix=FIX_PUBLISHER)


def _models(subject: Subject, data: Mapping[str, Any]) -> Iterator[Found]:
    record = subject.record
    team = record.model.partition("/")[0].lower()
    for known in imitated(record.name, data["families"], data):
        message = f"The name “{record.name}” can be taken for “{known}”, a known family of models."
        yield Found(Severity.MEDIUM, "other", message, where="identity.name", fix=FIX_NAME)
    others = {path.partition("/")[2]: path for path in record.models if path.partition("/")[0].lower() != team}
    for known in imitated(record.name, others, data):
        message = f"The name “{record.name}” can be taken for “{others[known]}”, a model of another team."
        yield Found(Severity.LOW, "other", message, where="identity.name", fix=FIX_NAME)
