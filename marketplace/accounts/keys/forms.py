"""Forms about tokens."""

from typing import Any

from django import forms

from marketplace.accounts.keys.actions import MAX_TOKEN_DAYS
from marketplace.accounts.keys.limits import names_in
from marketplace.accounts.keys.permissions import scopes_for


class TokenForm(forms.Form):
    """Issue a token."""

    name = forms.CharField(max_length=80, label="What it is for", help_text="For example: nightly batch on the claims server.")
    scopes = forms.MultipleChoiceField(label="It may", widget=forms.CheckboxSelectMultiple, initial=["read", "download"])
    only = forms.CharField(
        required=False,
        max_length=20_000,
        label="Only these models or teams",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line: team/name for a model, a team's name for all its models. Empty: whatever its owner may.",
    )
    days = forms.IntegerField(
        label="Ends after (days)",
        min_value=1,
        max_value=MAX_TOKEN_DAYS,
        initial=90,
        help_text=f"Every token ends: at most {MAX_TOKEN_DAYS} days from now, 90 is usual.",
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = scopes_for(viewer)  # type: ignore[attr-defined]

    def limits(self) -> tuple[list[str], list[str]]:
        """The teams and the models that were named."""
        return names_in(self.cleaned_data["only"])
