"""Forms of publishing: what a model is called, and the files of a version."""

from collections.abc import Iterable
from typing import Any

from django import forms

from catalog.registry.states import ModelKind, Origin
from catalog.storefront.model_forms import NAME_HELP
from marketplace.identifiers import NameValidator


class StartForm(forms.Form):
    """A new model and its first version."""

    team = forms.ChoiceField(label="Team", help_text="It owns the model and answers for it.")
    name = forms.CharField(max_length=96, label="Name", validators=[NameValidator()], help_text=f"Part of its address, for good. {NAME_HELP}")
    summary = forms.CharField(max_length=280, label="What it is for", help_text="One sentence; everybody reads it in search results.")
    version = forms.CharField(
        max_length=96, label="Version", initial="1.0.0", validators=[NameValidator()], help_text="Decisions are about one version."
    )
    kind = forms.ChoiceField(
        label="What you bring",
        choices=[(ModelKind.FILES, "Files that are stored here"), (ModelKind.HOSTED, "A service that a vendor hosts")],
        initial=ModelKind.FILES,
        widget=forms.RadioSelect,
    )
    origin = forms.ChoiceField(label="Where it comes from", choices=Origin.choices, initial=Origin.INTERNAL, widget=forms.RadioSelect)

    def __init__(self, *args: Any, teams: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = [(name, name) for name in teams]  # type: ignore[attr-defined]


class RevisionForm(forms.Form):
    """The card revision that the page was filled from."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
