"""The forms of reviews: a decision with the pins of what was looked at, a comment, and what people decide about a version."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from governance.reviews.models import Review
from governance.reviews.states import Choice


class DecisionForm(forms.Form):
    """One decision on one track. The action checks what it means; the form checks its shape and keeps what was typed."""

    track = forms.CharField(widget=forms.HiddenInput, max_length=40)
    manifest_digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    card_revision = forms.IntegerField(widget=forms.HiddenInput)
    run = forms.IntegerField(widget=forms.HiddenInput)
    choice = forms.ChoiceField(label="Decision", choices=Choice.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label="Reason",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="The submitter reads it; why a version is rejected, everybody who sees it. At least 20 characters above tier T4.",
    )
    conditions = forms.CharField(
        label="Conditions of an approval",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One a line. Whoever uses the version sees them.",
    )
    valid_until = forms.DateField(
        label="Ends on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Empty: as long as the policy allows. It can only be shortened.",
    )
    acknowledged = forms.MultipleChoiceField(label="I looked at the warnings of", required=False, widget=forms.CheckboxSelectMultiple)

    accepts = forms.BooleanField(required=False)

    def __init__(self, *args: Any, warned: Mapping[str, str] | None = None, silent: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        looked: Any = self.fields["acknowledged"]
        looked.choices = list((warned or {}).items())
        if not warned:
            del self.fields["acknowledged"]
        self.fields["accepts"].label = f"I accept that the supplier does not disclose: {', '.join(silent)}"
        if not silent:
            del self.fields["accepts"]

    def clean_conditions(self) -> list[str]:
        """Return one condition per line."""
        return [line for line in self.cleaned_data["conditions"].splitlines() if line.strip()]

    def clean_valid_until(self) -> datetime | None:
        """Return the end of that day."""
        day = self.cleaned_data["valid_until"]
        return timezone.make_aware(datetime.combine(day, time.max)) if day else None


def decision_form(review: Review, track: str, typed: Any = None, *, warned: Mapping[str, str], silent: Sequence[str] = ()) -> DecisionForm:
    """The form for one track, signed with what is pinned now; `typed` keeps what a person wrote before something moved."""
    pins = {"manifest_digest": review.manifest_digest, "card_revision": review.card_revision, "run": review.run_id, "track": track}
    if typed is None:
        return DecisionForm(initial=pins, prefix=track, warned=warned, silent=silent)
    data = typed.copy()
    for name, value in pins.items():
        data[f"{track}-{name}"] = str(value)
    return DecisionForm(data, prefix=track, warned=warned, silent=silent)


class WaiverForm(forms.Form):
    """The leave of governance to approve what its policy forbids without one."""

    matter = forms.ChoiceField(label="What is waived")
    reason = forms.CharField(
        label="Reason",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="At least 20 characters. Reviewers and auditors read it.",
    )
    until = forms.DateField(
        label="Last day",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="At most 90 days from now. An approval ends no later.",
    )

    def __init__(self, data: Any = None, *, matters: list[str]) -> None:
        super().__init__(data, prefix="waiver")
        chosen: Any = self.fields["matter"]
        chosen.choices = [(matter, matter.replace("_", " ").capitalize()) for matter in matters]

    def clean_until(self) -> datetime:
        """Return the end of that day."""
        return timezone.make_aware(datetime.combine(self.cleaned_data["until"], time.max))


class CommentForm(forms.Form):
    """Something to say in a conversation."""

    text = forms.CharField(label="Comment", max_length=5_000, widget=forms.Textarea(attrs={"rows": 3}))


class ReasonForm(forms.Form):
    """A reason that those who depend on the version read."""

    reason = forms.CharField(
        label="Reason",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="At least 20 characters. All who use it read it.",
    )


class DeprecationForm(forms.Form):
    """When a version ends, and what to use instead."""

    sunset_at = forms.DateField(label="Last day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    successor = forms.CharField(label="Successor", required=False, max_length=300, help_text="Of this model, or team/model@version.")
    reason = forms.CharField(
        label="Reason", required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 2}), help_text="If there is no successor."
    )


class SureForm(forms.Form):
    """Nothing to fill in: sending it is the yes."""


def step_form(step: str, data: Any = None) -> forms.Form:
    """The form that a step on a version asks for."""
    kinds = {"deprecate": DeprecationForm, "retire": SureForm, "withdraw": SureForm}
    return kinds.get(step, ReasonForm)(data)
