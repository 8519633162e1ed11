"""Forms about tokens, settings and members."""

from django import forms

from marketplace.accounts.actions import MAX_TOKEN_DAYS
from marketplace.accounts.models import Theme
from marketplace.accounts.tokens import SCOPES
from marketplace.permissions.needs import TeamRole


class TokenForm(forms.Form):
    """Issue a token."""

    name = forms.CharField(max_length=80, label="What it is for", help_text="For example: nightly batch on the claims server.")
    scopes = forms.MultipleChoiceField(
        label="It may", choices=[(key, words) for key, words in SCOPES.items()], widget=forms.CheckboxSelectMultiple, initial=["read", "download"]
    )
    days = forms.IntegerField(
        label="Ends after (days)",
        min_value=1,
        max_value=MAX_TOKEN_DAYS,
        help_text=f"Every token ends: at most {MAX_TOKEN_DAYS} days from now, 90 is usual.",
    )


class SettingsForm(forms.Form):
    """How pages look and what is mailed."""

    theme = forms.ChoiceField(choices=Theme.choices, widget=forms.RadioSelect, label="Colors")
    mails_digest = forms.BooleanField(
        required=False, label="Mail me a daily digest of notices. Decisions and suspensions are mailed at once in any case."
    )


class MemberForm(forms.Form):
    """Put somebody into a team, or change the role there."""

    username = forms.CharField(max_length=96, label="User name")
    role = forms.ChoiceField(choices=TeamRole.choices, label="Role")
