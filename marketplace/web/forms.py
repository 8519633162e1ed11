"""What forms of all rooms share."""

from collections.abc import Mapping

from django.core.exceptions import NON_FIELD_ERRORS
from django.forms import Form

from marketplace.errors import DomainError, Invalid


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
