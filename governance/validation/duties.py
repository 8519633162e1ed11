"""What a version still owes before it can be submitted: everything at once, each with the reason; pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from catalog.artifacts.readers.reading import CODE_NAMES, PICKLES
from catalog.cards.completeness import completeness
from catalog.cards.models import CardRevision
from catalog.registry.models import ModelVersion
from catalog.registry.states import DataClass, Environment
from governance.policies.rules import Policy, TierResult, tier_of
from governance.validation.checks.verdicts import PICKLES as PICKLE_FORMATS
from governance.validation.facts import TOLD_BY_FILES, Facts, answer, known, schema_of

SANDBOX = "sandbox"
LENIENT = "T4"
# What the answer about data means in the words of approvals and grants.
DATA_CLASSES = {
    "public": DataClass.PUBLIC,
    "internal": DataClass.INTERNAL,
    "confidential": DataClass.CONFIDENTIAL,
    "personal": DataClass.PERSONAL,
    "payment_card": DataClass.SPECIAL,
    "special_category": DataClass.SPECIAL,
    "health": DataClass.SPECIAL,
    "secret": DataClass.SPECIAL,
}


@dataclass(frozen=True)
class FileOnHand:
    """A file of the version, as far as duties ask: its name, and its format once it was read."""

    path: str
    format: str


@dataclass(frozen=True)
class Duties:
    """The tier with its reasons, and every field that is missing with why it is asked."""

    tier: TierResult
    answered: bool
    missing: dict[str, list[str]]

    @property
    def is_met(self) -> bool:
        """Whether it can be submitted."""
        return not self.missing and not self.tier.blocked


def duties(version: ModelVersion, policy: Policy, *, files: Collection[FileOnHand], uploads: int, card: CardRevision | None, facts: Facts) -> Duties:
    """Return the tier and everything that is missing for a submit."""
    missing = of_files(version, files, uploads) | of_use(version)
    unanswered = of_answers(version, policy)
    answers = {question.key: answer(version, question.key) for question in policy.questions}
    tier = tier_of(answers, {"executes_code": executes_code(version, files), "origin": version.model.origin}, policy)
    # While the tier is open, only what every tier asks is certain to be owed.
    owed = of_card(version, LENIENT if unanswered else tier.tier, card, facts, were_read=_were_read(files))
    return Duties(tier, not unanswered, missing | unanswered | owed)


def of_files(version: ModelVersion, files: Collection[FileOnHand], uploads: int) -> dict[str, list[str]]:
    """Say what is missing of the files."""
    if version.model.is_hosted:
        return {} if version.descriptor else {"descriptor": ["Describe the vendor's service: it is what will be approved."]}
    missing = {}
    if not files:
        missing["files"] = ["Add at least one file: a version without files cannot be checked."]
    if uploads:
        missing["uploads"] = [f"Wait for {uploads} upload{'' if uploads == 1 else 's'} under way, or cancel {'it' if uploads == 1 else 'them'}."]
    return missing


def of_use(version: ModelVersion) -> dict[str, list[str]]:
    """Say what is missing or contradictory about the use that is asked for."""
    missing = {}
    if version.use_case is None:
        missing["use_case"] = ["Name the use case: an approval is for a use, not for a model."]
    if answer(version, "scope") == SANDBOX and version.environment == Environment.PRODUCTION:
        missing["environment"] = ["You answered that it stays in a sandbox: ask for development or test, or change the answer."]
    said = DATA_CLASSES.get(answer(version, "data_class"))
    ranks = list(DataClass.values)
    if said is not None and ranks.index(version.data_class) > ranks.index(said):
        asked = DataClass(version.data_class).label.lower()
        missing["data_class"] = [f"You ask for {asked} data, but answered that it will see {said.label.lower()} data: make them agree."]
    return missing


def of_answers(version: ModelVersion, policy: Policy) -> dict[str, list[str]]:
    """Name every risk question without a known answer."""
    return {
        f"answers.{question.key}": [f"{question.title} Choose one of {', '.join(value for value, _ in question.options)}."]
        for question in policy.questions
        if answer(version, question.key) not in dict(question.options)
    }


def of_card(version: ModelVersion, tier: str, card: CardRevision | None, facts: Facts, *, were_read: bool) -> dict[str, list[str]]:
    """Name every field of the card that the tier asks before a submit; not what the files may still tell."""
    schema = schema_of(version, tier, _task(card))
    values, sources = known(version, card, facts, schema)
    later = frozenset[str]() if were_read or version.model.is_hosted else TOLD_BY_FILES
    owed = {m.field: m for m in completeness(values, sources, schema, "submit").missing if m.field not in later}
    missing = {f"card.{key}": [f"Missing: {item.title}. {item.why}"] for key, item in owed.items()}
    if card is None and not missing:
        missing["card"] = ["Save the card once: the decision names the revision it was made on."]
    return missing


def executes_code(version: ModelVersion, files: Collection[FileOnHand]) -> bool:
    """Whether the files could run code. Names tell before the files are read, because the checks refuse a file that is not what its name says."""
    if version.model.is_hosted:
        return False
    return any(file.format in PICKLE_FORMATS if file.format else PurePosixPath(file.path).suffix.lower() in PICKLES | CODE_NAMES for file in files)


def _were_read(files: Collection[FileOnHand]) -> bool:
    return bool(files) and all(file.format for file in files)


def _task(card: CardRevision | None) -> str:
    values: Mapping[str, object] = card.values if card is not None else {}
    task = values.get("technical.task")
    return task if isinstance(task, str) else ""
