"""What forms of all rooms share: doing what one asks for, and showing what was refused."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.db import transaction
from django.forms import Form

from marketplace.errors import Conflict, DomainError, Invalid


def put_errors(form: Form, error: DomainError) -> None:
    """Show what an action refused: each sentence once, beside the field it is about, or above the form."""
    fields: Mapping[str, list[str]] = error.fields if isinstance(error, Invalid) else {}
    for name, sentences in fields.items():
        # A part of a value, such as `descriptor.region`, may have a field of its own.
        place = next((field for field in (name, name.rpartition(".")[2]) if field in form.fields), None)
        for sentence in sentences:
            if sentence not in form.errors.get(place or NON_FIELD_ERRORS, []):
                form.add_error(place, sentence)
    if not fields:
        form.add_error(None, f"{error.sentence} {error.hint}".strip())


def attempt(form: Form, do: Callable[[dict[str, Any]], object]) -> int:
    """Do what a form asks for, whole or not at all; return 0, or the status with which the form comes back and says what to mend."""
    if not form.is_valid():
        return 422
    try:
        with transaction.atomic():
            do(dict(form.cleaned_data))
    except (Invalid, Conflict) as error:
        put_errors(form, error)
        return error.status
    return 0
