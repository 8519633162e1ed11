"""Doing what a form asks for: what is wrong comes back beside its field."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.db import transaction

from marketplace.errors import Conflict, Invalid


def attempt(form: forms.Form, do: Callable[[dict[str, Any]], object]) -> int:
    """Do what a form asks for, whole or not at all; return 0, or the status with which the form comes back and says what to mend."""
    if not form.is_valid():
        return 422
    try:
        with transaction.atomic():
            do(dict(form.cleaned_data))
    except (Invalid, Conflict) as error:
        fields = error.fields if isinstance(error, Invalid) else {}
        for field, problems in fields.items():
            form.add_error(field if field in form.fields else None, problems)
        if not fields:
            form.add_error(None, f"{error.sentence} {error.hint}".strip())
        return error.status
    return 0
