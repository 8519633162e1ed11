"""The step of publishing that says what a version is: the few fields every tier asks, and what its files tell."""

from typing import Any

from catalog.cards.editing import FieldsForm
from catalog.cards.facts import facts_of, known, schema_of
from catalog.cards.merging import take_found
from catalog.cards.pages import DUTIES, source_words
from catalog.cards.queries import card_revision, current_card
from catalog.cards.schema import Field
from catalog.registry.models import ModelVersion
from marketplace.errors import Conflict, DomainError, Invalid

# Asked in the next step, where the answer decides the tier.
ASKED_LATER = frozenset({"classification.data_classes"})
TOLD_BY_FILES = (
    "technical.task", "technical.library", "technical.architecture", "technical.format", "technical.parameter_count", "technical.precision",
    "lineage.base_model", "lineage.base_relation", "technical.languages", "technical.tags",
)  # fmt: skip
OF_SERVICES = frozenset({"technical.task", "technical.languages", "technical.tags"})


def fields_of(version: ModelVersion) -> tuple[list[Field], list[Field]]:
    """Return the fields that a person is asked at every tier, and those that files usually tell."""
    schema = schema_of(version.model, "T4")
    asked = [field for field in schema.required("R") if field.key not in ASKED_LATER]
    keys = [key for key in TOLD_BY_FILES if not version.model.is_hosted or key in OF_SERVICES]
    told = [field for key in keys if (field := schema.field(key)) is not None]
    return asked, told


class AboutPage:
    """The step with its form, filled from the card and the files."""

    def __init__(self, version: ModelVersion, data: Any = None, number: int | None = None) -> None:
        self.version, self.model = version, version.model
        self.card = current_card(self.model)
        self.number = self.card.number if self.card is not None else 0
        self.opened = self.number if number is None else number
        self.facts = {} if self.model.is_hosted else facts_of(version)
        base = card_revision(self.model, self.opened) if self.opened else None
        filled = take_found(*known(base, self.model), self.facts)
        self.values, self.sources = filled.values, filled.sources
        self.asked, self.told = fields_of(version)
        third_party = schema_of(self.model).third_party
        self.form = FieldsForm([*self.asked, *self.told], data, values=self.values, third_party=third_party)

    def rows(self, fields: list[Field], *, by_tier: bool = False) -> list[dict[str, Any]]:
        """Return fields of the form with where their value was found; `by_tier`: the tier, which is not known here, decides if they are needed."""
        return [
            {
                "bound": self.form[field.key],
                "duty": "none" if by_tier else DUTIES[field.duty],
                "source": source_words(self.sources.get(field.key, ""), self.facts.get(field.key)),
                "more": [self.form[name] for name in self.form.fields if name.startswith(f"{field.key}--")],
            }
            for field in fields
        ]

    @property
    def asked_rows(self) -> list[dict[str, Any]]:
        """The fields that a person is asked."""
        return self.rows(self.asked)

    @property
    def told_rows(self) -> list[dict[str, Any]]:
        """The fields that files tell."""
        return self.rows(self.told, by_tier=True)

    def given(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Return what was typed and where it is from; raise Invalid when a field cannot be read."""
        if not self.form.is_valid():
            raise Invalid("The card was not saved.")
        return self.form.given()

    def put(self, error: DomainError) -> None:
        """Show what the action refused."""
        if isinstance(error, Invalid):
            self.form.put(error)
        if isinstance(error, Conflict):
            self.form.add_error(None, f"{error.sentence} {error.hint} Send it again to put what is typed here over it.")
