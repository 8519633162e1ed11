"""The search form of the record."""

from django import forms

from marketplace.activity.verbs import VERBS

CHOICES = [("", "Anything"), *((verb, f"{verb}: {words}") for verb, words in VERBS.items())]


class SearchForm(forms.Form):
    """What to look for."""

    verb = forms.ChoiceField(label="What happened", required=False, choices=CHOICES)
    person = forms.CharField(label="Who", required=False, max_length=96, help_text="User name, or the id in the record.")
    object = forms.CharField(label="To what", required=False, max_length=300, help_text="R-12, team/model, team/model@version, a team.")
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))
