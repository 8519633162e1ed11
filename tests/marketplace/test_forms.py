"""What an action refuses stands beside the field it is about."""

import pytest
from django import forms

from marketplace.errors import Conflict, Invalid
from marketplace.web.forms import put_errors


class ServiceForm(forms.Form):
    """A form with a part of a value."""

    region = forms.CharField(required=False)
    reason = forms.CharField()


@pytest.fixture
def form():
    return ServiceForm({"region": "x"})


def test_each_sentence_stands_beside_its_field_and_the_others_above(form):
    put_errors(form, Invalid("No.", fields={"descriptor.region": ["Where?"], "reason": ["Why?"], "who": ["Who?"]}))
    assert form.errors == {"region": ["Where?"], "reason": ["This field is required.", "Why?"], "__all__": ["Who?"]}


def test_a_sentence_is_said_once(form):
    put_errors(form, Invalid("No.", fields={"reason": ["This field is required."], "who": ["Who?", "Who?"]}))
    assert form.errors == {"reason": ["This field is required."], "__all__": ["Who?"]}


@pytest.mark.parametrize("error", [Conflict("It moved.", hint="Reload."), Invalid("It moved.", hint="Reload.")])
def test_what_is_about_no_field_stands_above(form, error):
    put_errors(form, error)
    assert form.errors["__all__"] == ["It moved. Reload."]
