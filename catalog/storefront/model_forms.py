"""Forms on the pages of models and versions."""

from typing import Any

from django import forms

from catalog.registry.models import UseCase
from catalog.registry.states import DataClass, Environment
from marketplace.identifiers import NameValidator

NAME_HELP = "Letters, digits, dots, underscores, hyphens."


class BringInForm(forms.Form):
    """Ask for a model that is only listed."""

    reason = forms.CharField(
        max_length=2_000, label="What do you need it for?", widget=forms.Textarea(attrs={"rows": 3}), help_text="The owners read it."
    )


class ModelForm(forms.Form):
    """What a contributor changes on a model."""

    summary = forms.CharField(max_length=280, required=False, label="What it is for", help_text="One sentence; lists show it.")
    tags = forms.CharField(max_length=2_000, required=False, label="Tags", help_text="Separated by commas.")
    license = forms.CharField(max_length=120, required=False, label="License", help_text="An SPDX name where there is one, such as apache-2.0.")

    def clean_tags(self) -> list[str]:
        """Return the tags as a list, each once."""
        return list(dict.fromkeys(tag.strip() for tag in str(self.cleaned_data["tags"]).split(",") if tag.strip()))


class OwnerModelForm(ModelForm):
    """What an owner changes on a model besides."""

    accountable = forms.CharField(max_length=96, label="Accountable person", help_text="User name of the person who answers for this model.")


class GrantForm(forms.Form):
    """Give a person or a team the right to use a model."""

    team = forms.CharField(max_length=96, required=False, label="Team", help_text="Either a team …")
    user = forms.CharField(max_length=96, required=False, label="Person", help_text="… or one person, by user name.")
    use_case = forms.ModelChoiceField(queryset=UseCase._default_manager.none(), label="Use case", help_text="An approval must name it too.")
    environment = forms.ChoiceField(choices=Environment.choices, label="Environment", initial=Environment.PRODUCTION)
    data_class = forms.ChoiceField(choices=DataClass.choices, label="Data it may see", initial=DataClass.INTERNAL)
    until = forms.DateField(
        label="Until", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), help_text="Until the end of that day, UTC."
    )

    def __init__(self, *args: Any, use_cases: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["use_case"].queryset = use_cases  # type: ignore[attr-defined]


class AliasForm(forms.Form):
    """Point an alias to a version."""

    alias = forms.CharField(max_length=96, label="Alias", validators=[NameValidator()], help_text="Such as production, champion or latest-good.")
    version = forms.ChoiceField(label="Version")

    def __init__(self, *args: Any, versions: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].choices = [(name, name) for name in versions]  # type: ignore[attr-defined]


class VersionForm(forms.Form):
    """Add a version."""

    version = forms.CharField(max_length=96, label="Version", validators=[NameValidator()], help_text=f"Such as 1.2.0. {NAME_HELP}")
    changelog = forms.CharField(
        max_length=20_000, required=False, label="What changed", widget=forms.Textarea(attrs={"rows": 3}), help_text="For those who use it."
    )


class HostedVersionForm(VersionForm):
    """Add a version of a model that a vendor serves: its description is what is approved."""

    provider = forms.CharField(max_length=500, label="Provider")
    endpoint = forms.CharField(max_length=500, label="Endpoint", help_text="The address programs call.")
    snapshot = forms.CharField(max_length=500, label="Snapshot", help_text="The vendor's exact name of this version.")
    region = forms.CharField(max_length=500, label="Region", help_text="Where the data goes.")
    contract = forms.CharField(max_length=500, label="Contract", help_text="Its number or name.")
    retirement_date = forms.DateField(
        required=False, label="Retirement date", widget=forms.DateInput(attrs={"type": "date"}), help_text="When the vendor names one."
    )

    def descriptor(self) -> dict[str, Any]:
        """Return the description of the service."""
        names = ("provider", "endpoint", "snapshot", "region", "contract")
        end = self.cleaned_data["retirement_date"]
        return {name: self.cleaned_data[name] for name in names} | ({"retirement_date": end.isoformat()} if end else {})


class CopyForm(forms.Form):
    """Publish another version instead."""

    version = forms.CharField(max_length=96, label="Version", validators=[NameValidator()])
