"""The form before a submit: what the version is for, and the risk questions of the policy in effect."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from catalog.registry.models import ModelVersion, UseCase
from catalog.registry.states import DataClass, Environment
from governance.policies.rules import Policy
from governance.validation.facts import answer

PREFIX = "answers."


class AgainForm(forms.Form):
    """Which checks to ask again."""

    check = forms.ChoiceField(label="Which check", required=False, help_text="The answers of the others stand, as far as nothing changed.")

    def __init__(self, data: Any = None, *, checks: list[tuple[str, str]]) -> None:
        super().__init__(data)
        chosen: Any = self.fields["check"]
        chosen.choices = [("", "All checks"), *checks]


class InspectForm(forms.Form):
    """Opening one quarantined file: which, why, and that one knows what it is."""

    path = forms.ChoiceField(label="File", widget=forms.RadioSelect)
    reason = forms.CharField(
        label="Reason", max_length=2_000, widget=forms.Textarea(attrs={"rows": 3}), help_text="At least 20 characters. It stays in the record."
    )
    knows = forms.BooleanField(label="I know that these bytes are dangerous, and open them only where they can do no harm")

    def __init__(self, data: Any = None, *, paths: list[str]) -> None:
        super().__init__(data)
        chosen: Any = self.fields["path"]
        chosen.choices = [(path, path) for path in paths]


class SubmitForm(forms.Form):
    """The use that is asked for and the answers that decide the tier; shape only, the action says what is missing."""

    use_case = forms.ModelChoiceField(
        label="Use case",
        queryset=UseCase.objects.none(),
        required=False,
        help_text="What it will be used for. Approval is for a use, not for a model.",
    )
    new_use_case = forms.CharField(label="Or name a new use case", max_length=120, required=False)
    environment = forms.ChoiceField(label="Where it will run", choices=Environment.choices)
    data_class = forms.ChoiceField(
        label="Data of the approval", choices=DataClass.choices, help_text="Approval covers this class and the less sensitive ones."
    )

    def __init__(self, data: Any = None, *, version: ModelVersion, policy: Policy, use_cases: QuerySet[UseCase]) -> None:
        initial = {"use_case": version.use_case, "environment": version.environment, "data_class": version.data_class}
        initial |= {PREFIX + question.key: answer(version, question.key) for question in policy.questions}
        super().__init__(data, initial=initial)
        chosen: Any = self.fields["use_case"]
        chosen.queryset = use_cases
        for question in policy.questions:
            choices = [("", "Choose an answer"), *question.options]
            self.fields[PREFIX + question.key] = forms.ChoiceField(label=question.title, help_text=question.help, choices=choices, required=False)
        self.order_fields(["use_case", "new_use_case", *[PREFIX + question.key for question in policy.questions], "environment", "data_class"])
