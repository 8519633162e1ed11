"""Forms of administrators about people, roles and teams."""

from django import forms

from marketplace.accounts.models import Kind
from marketplace.permissions.needs import OrgRole


class FindForm(forms.Form):
    """Whom to look for."""

    q = forms.CharField(required=False, max_length=96, label="Name, user name or mail")
    state = forms.ChoiceField(
        required=False, label="Who", choices=[("all", "Everybody"), ("active", "Active"), ("left", "Deactivated")], initial="all"
    )


class PersonForm(forms.Form):
    """Add a person or a service account."""

    username = forms.CharField(max_length=96, label="User name", help_text="Letters, digits, dots, underscores, hyphens. It stays.")
    name = forms.CharField(max_length=120, required=False, label="Name")
    email = forms.EmailField(max_length=254, required=False, label="E-mail")
    kind = forms.ChoiceField(choices=Kind.choices, initial=Kind.PERSON, label="Kind")


class RoleForm(forms.Form):
    """Give an organization role."""

    role = forms.ChoiceField(choices=OrgRole.choices, label="Role")
    track = forms.CharField(
        max_length=40, required=False, label="Track", help_text="For reviewers only: technical, security, model_risk, legal … as policies name it."
    )
    is_lead = forms.BooleanField(required=False, label="Leads the track")


class HandOverForm(forms.Form):
    """To whom."""

    to = forms.CharField(max_length=96, label="Hand over to", help_text="User name of an active person.")


class TeamForm(forms.Form):
    """Create a team."""

    name = forms.CharField(max_length=96, label="Name", help_text="Letters, digits, dots, underscores, hyphens.")
    purpose = forms.CharField(max_length=280, required=False, label="Purpose", help_text="One sentence; everybody sees it.")
    owner = forms.CharField(max_length=96, required=False, label="First owner", help_text="User name. A unit needs none.")


class PlaceForm(forms.Form):
    """Where a team stands, what it is for, and how much it may store."""

    parent = forms.CharField(max_length=96, required=False, label="Unit above it", help_text="Name of a team that is under no other; empty for none.")
    purpose = forms.CharField(max_length=280, required=False, label="Purpose")
    quota = forms.DecimalField(min_value=0, max_value=1_000_000, max_digits=9, decimal_places=2, label="Quota in GB")
