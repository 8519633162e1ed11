"""Slots: order, who may see, errors that stay local."""

from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from marketplace.errors import NotAllowed, NotFound
from marketplace.web import slots


@pytest.fixture(autouse=True)
def empty_slots(monkeypatch):
    monkeypatch.setattr(slots, "_slots", slots.defaultdict(dict))


@pytest.fixture
def request_of_mara():
    request = RequestFactory().get("/m/finance-ml/invoice-fields-v3")
    request.user = SimpleNamespace(username="mara", is_authenticated=True)
    return request


def says(words):
    def answer(request, thing):
        return words.format(thing) if isinstance(words, str) else words

    return answer


def fails(request, thing):
    raise ValueError("secret detail")


def refuses(request, thing):
    raise NotAllowed("Only finance-ml sees this.", hint="Ask Paul.")


def test_panels_come_in_order_and_get_the_thing(request_of_mara):
    slots.fill("model", "usage", title="Usage", order=20, render=says("use of {}"))
    slots.fill("model", "card", title="Card", order=10, render=says("card of {}"), count=says(3))
    shown = slots.panels("model", request_of_mara, "x")
    assert [(panel.title, panel.html, panel.count) for panel in shown] == [("Card", "card of x", 3), ("Usage", "use of x", None)]


def test_a_panel_is_shown_to_those_who_may_see_it_only(request_of_mara):
    slots.fill("model", "secret", title="Secret", order=1, render=fails, may_see=says(False))
    assert slots.panels("model", request_of_mara) == []
    with pytest.raises(NotFound):
        slots.panel("model", "secret", request_of_mara)


def test_when_it_cannot_be_told_who_may_see_it_nobody_does(request_of_mara):
    slots.fill("model", "odd", title="Odd", order=1, render=says("seen"), may_see=fails)
    assert slots.panels("model", request_of_mara) == []


def test_nothing_is_rendered_before_it_is_asked_for(request_of_mara):
    slots.fill("model", "slow", title="Slow", order=1, render=fails)
    assert [panel.title for panel in slots.panels("model", request_of_mara)] == ["Slow"]


def test_a_failing_panel_shows_its_own_note_and_no_detail(request_of_mara, caplog):
    slots.fill("model", "bad", title="Approvals", order=1, render=fails, count=fails)
    slots.fill("model", "good", title="Card", order=2, render=says("fine"))
    bad, good = slots.panels("model", request_of_mara)
    assert "“Approvals” failed" in bad.html
    assert "secret detail" not in bad.html
    assert bad.count is None
    assert bad.failed
    assert good.html == "fine"
    assert "The panel bad failed." in caplog.text


def test_a_refusing_panel_says_why(request_of_mara):
    slots.fill("model", "files", title="Files", order=1, render=refuses)
    assert "Only finance-ml sees this. Ask Paul." in slots.panel("model", "files", request_of_mara).html


def test_the_same_name_replaces_a_panel(request_of_mara):
    for words in ("old", "new"):
        slots.fill("model", "card", title="Card", order=1, render=says(words))
    assert [panel.html for panel in slots.panels("model", request_of_mara)] == ["new"]
