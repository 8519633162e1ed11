"""The form with which an owner says who knows of a model."""

import re
from typing import Any

from django import forms

from catalog.registry.models import RegisteredModel
from catalog.registry.queries import teams_shown
from marketplace.permissions.models import Visibility


class SharingForm(forms.Form):
    """Who knows of a model, and who sees which files it has."""

    visibility = forms.ChoiceField(choices=Visibility.choices, label="Who knows of it", widget=forms.RadioSelect)
    teams = forms.CharField(
        max_length=20_000,
        required=False,
        label="Named teams",
        help_text="Names of teams or units, separated by commas; a unit brings the teams below it. Only for named teams.",
    )
    files_on_request = forms.BooleanField(
        required=False, label="Files on request: whoever may not read the files does not see which there are, how large, or what they are copies of"
    )

    def clean_teams(self) -> list[str]:
        """Return the names, each once."""
        return list(dict.fromkeys(name.strip() for name in re.split(r"[,\n]", str(self.cleaned_data["teams"])) if name.strip()))


def sharing_now(model: RegisteredModel) -> dict[str, Any]:
    """What the form shows before anything is changed."""
    names = ", ".join(team.name for team in teams_shown(model))
    return {"visibility": model.visibility, "teams": names, "files_on_request": model.files_on_request}
