"""Forms about settings and members."""

from django import forms

from marketplace.accounts.models import Theme
from marketplace.permissions.needs import TeamRole


class SettingsForm(forms.Form):
    """How pages look and what is mailed."""

    theme = forms.ChoiceField(choices=Theme.choices, widget=forms.RadioSelect, label="Colors")
    mails_digest = forms.BooleanField(
        required=False, label="Mail me a daily digest of notices. Decisions and suspensions are mailed at once in any case."
    )


class WelcomeForm(forms.Form):
    """What is asked at the first sign-in."""

    mails = forms.ChoiceField(
        label="Mail me",
        widget=forms.RadioSelect,
        choices=[
            ("digest", "What is new, once a day; decisions that wait for you and suspensions at once"),
            ("urgent", "Only decisions that wait for you and suspensions, at once"),
        ],
    )


class MemberForm(forms.Form):
    """Put somebody into a team, or change the role there."""

    username = forms.CharField(max_length=96, label="User name")
    role = forms.ChoiceField(choices=TeamRole.choices, label="Role")
