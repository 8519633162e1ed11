"""Forms about the service accounts of a team."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings

from catalog.registry.models import UseCase
from catalog.registry.states import Environment
from marketplace.accounts.keys.actions import MAX_TOKEN_DAYS
from marketplace.accounts.keys.limits import names_in
from marketplace.accounts.keys.permissions import scopes_for
from marketplace.accounts.tokens import FOR_ADMINISTRATORS, FOR_PEOPLE, SCOPES

FOR_JOBS = [(key, words) for key, words in SCOPES.items() if key not in FOR_PEOPLE | FOR_ADMINISTRATORS]


class AccountForm(forms.Form):
    """Make a service account."""

    username = forms.CharField(max_length=96, label="Name", help_text="Letters, digits, dots, underscores, hyphens: ci-claims")
    use_case = forms.TypedChoiceField(label="Use case", coerce=int, help_text="It may use only what is granted for this.")
    environment = forms.ChoiceField(label="Environment", choices=Environment.choices, help_text="Where it runs. Its use is counted there.")
    accountable = forms.CharField(max_length=96, label="Who answers for it", help_text="User name of somebody in the team.")

    def __init__(self, *args: object, use_cases: Iterable[UseCase], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["use_case"].choices = [(case.pk, case.name) for case in use_cases]  # type: ignore[attr-defined]


class AccountableForm(forms.Form):
    """Name another person."""

    accountable = forms.CharField(max_length=96, label="User name", help_text="Of somebody in the team.")


class ServiceTokenForm(forms.Form):
    """Issue a token of a service account."""

    name = forms.CharField(max_length=80, label="What it is for", help_text="For example: nightly batch on the claims server.")
    scopes = forms.MultipleChoiceField(label="It may", widget=forms.CheckboxSelectMultiple, initial=["read", "download"])
    only = forms.CharField(
        required=False,
        max_length=20_000,
        label="Only these models or teams",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line: team/name for a model, a team's name for all its models. Empty: whatever the service account may.",
    )
    days = forms.IntegerField(
        label="Ends after (days)", min_value=1, max_value=MAX_TOKEN_DAYS, initial=90, help_text=f"At most {MAX_TOKEN_DAYS}, 90 is usual."
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = scopes_for(viewer, programs=True)  # type: ignore[attr-defined]

    def limits(self) -> tuple[list[str], list[str]]:
        """The teams and the models that were named."""
        return names_in(self.cleaned_data["only"])


class PublisherForm(forms.Form):
    """Trust a CI job."""

    issuer = forms.CharField(max_length=200, label="Issuer", help_text="For GitHub https://token.actions.githubusercontent.com")
    audience = forms.CharField(max_length=200, label="Audience", initial=settings.PUBLIC_URL, help_text="For whom the job asks its token.")
    repository = forms.CharField(max_length=200, label="Repository", help_text="organization/repository")
    ref = forms.CharField(max_length=200, label="Branch or tag", help_text="refs/heads/main, or refs/tags/v* for all tags that begin with v.")
    workflow = forms.CharField(max_length=200, label="Workflow file", help_text=".github/workflows/release.yml")
    scopes = forms.MultipleChoiceField(label="Its jobs may", choices=FOR_JOBS, widget=forms.CheckboxSelectMultiple, initial=["read", "publish"])
