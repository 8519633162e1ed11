"""A page or its fragment; redirects; notices."""

import pytest
from django.contrib.messages import get_messages
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpResponse
from django.test import RequestFactory

from marketplace.web.guide import samples
from marketplace.web.pages import notice, page, see_other, wants_fragment


def request_with(**headers):
    request = RequestFactory().get("/docs/ui", headers=headers)
    SessionMiddleware(lambda _: HttpResponse()).process_request(request)
    MessageMiddleware(lambda _: HttpResponse()).process_request(request)
    return request


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"HX-Request": "true"}, True),
        ({"HX-Request": "true", "HX-Boosted": "true"}, False),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, False),
    ],
)
def test_only_a_plain_htmx_request_gets_a_fragment(headers, expected):
    assert wants_fragment(request_with(**headers)) is expected


def render(**headers):
    return page(request_with(**headers), "marketplace/web/style_guide.html", samples(), fragment="marketplace/web/_guide_states.html")


def test_a_browser_gets_the_whole_page():
    response = render()
    assert b"<!doctype html>" in response.content
    assert "HX-Request" in response.headers["Vary"]


def test_htmx_gets_the_fragment_and_caches_keep_them_apart():
    response = render(**{"HX-Request": "true"})
    assert b"<!doctype html>" not in response.content
    assert b"The five states" in response.content
    assert "HX-Request" in response.headers["Vary"]


def test_a_notice_travels_with_the_fragment():
    request = request_with(**{"HX-Request": "true"})
    notice(request, "Following <b>x</b>.", undo="/undo")
    content = page(request, "base.html", fragment="marketplace/web/_guide_states.html").content.decode()
    assert 'hx-swap-oob="beforeend"' in content
    assert "Following &lt;b&gt;x&lt;/b&gt;." in content
    assert 'action="/undo"' in content
    assert not list(get_messages(request_with()))


def test_after_a_write_a_browser_is_sent_on_with_303():
    response = see_other("/models?q=ä")
    assert (response.status_code, response.headers["Location"]) == (303, "/models?q=%C3%A4")


def test_after_a_write_htmx_loads_the_new_page():
    response = see_other("/models", request_with(**{"HX-Request": "true"}))
    assert (response.status_code, response.headers["HX-Redirect"]) == (204, "/models")
