"""Error pages, request ids and protective headers, through the whole stack."""

import pytest
from django.test import Client, override_settings
from django.urls import include, path

from marketplace.errors import Conflict, Invalid, NotAllowed, NotFound, NotSignedIn
from marketplace.web import errors as error_pages

ERRORS = {
    "forbidden": NotAllowed("Only a lead may do this.", hint="Ask Paul."),
    "hidden": NotFound("There is a secret falcon."),
    "conflict": Conflict("R-12 is withdrawn."),
    "invalid": Invalid("Two values are wrong.", fields={"name": ["Too <long>."]}),
    "signed-out": NotSignedIn("Who are you?"),
    "broken": ValueError("secret detail"),
}


def raiser(request, name):
    raise ERRORS[name]


urlpatterns = [
    path("", include("marketplace.web.urls")),
    path("raise/<str:name>", raiser),
    path("api/v1/raise/<str:name>", raiser),
]
handler403 = error_pages.permission_denied
handler404 = error_pages.not_found
handler500 = error_pages.server_error

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def visitor():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("name", "status", "words"), [("forbidden", 403, "Ask Paul."), ("conflict", 409, "R-12 is withdrawn."), ("invalid", 422, "Too &lt;long&gt;.")]
)
def test_a_domain_error_becomes_a_page_with_its_sentence_and_request_id(visitor, name, status, words):
    response = visitor.get(f"/raise/{name}")
    assert response.status_code == status
    assert words in response.text
    assert response.headers["X-Request-ID"] in response.text
    assert response.headers["Cache-Control"] == "no-store"


def test_hidden_and_missing_look_the_same(visitor):
    hidden, missing = visitor.get("/raise/hidden"), visitor.get("/nowhere")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.text.split("<main")[1] == missing.text.split("<main")[1]
    assert "falcon" not in hidden.text
    assert set(hidden.headers) == set(missing.headers)


def test_htmx_gets_a_note_instead_of_a_page(visitor):
    response = visitor.get("/raise/conflict", headers={"HX-Request": "true"})
    assert response.status_code == 409
    assert "<!doctype html>" not in response.text
    assert "R-12 is withdrawn." in response.text


def test_a_failure_of_ours_tells_the_request_id_and_nothing_else(visitor):
    response = visitor.get("/raise/broken")
    assert response.status_code == 500
    assert response.headers["X-Request-ID"] in response.text
    assert "secret detail" not in response.text


def test_the_signed_out_are_sent_to_sign_in_and_back(visitor):
    response = visitor.get("/raise/signed-out?q=a%26b")
    assert (response.status_code, response.headers["Location"]) == (303, "/login?next=%2Fraise%2Fsigned-out%3Fq%3Da%2526b")


def test_pages_leave_the_interfaces_for_machines_alone(visitor):
    response = visitor.get("/api/v1/raise/forbidden")
    assert "Ask Paul." not in response.text


def test_each_request_has_its_own_id_and_the_protective_headers(visitor):
    first, second = visitor.get("/docs/ui"), visitor.get("/docs/ui", headers={"X-Request-ID": "chosen-by-the-client"})
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"] != "chosen-by-the-client"
    assert "camera=()" in first.headers["Permissions-Policy"]
    assert "default-src 'none'" in first.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("proxies", "expected"), [(0, "10.0.0.9"), (1, "203.0.113.7"), (2, "198.51.100.1"), (9, "10.0.0.9")])
def test_an_address_is_what_our_own_proxies_saw(rf, proxies, expected):
    from marketplace.web.middleware import client_address

    request = rf.get("/", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.7"}, REMOTE_ADDR="10.0.0.9")
    with override_settings(TRUSTED_PROXIES=proxies):
        assert client_address(request) == expected


@pytest.mark.parametrize(
    ("referer", "expected"), [("http://testserver/reviews/R-12", "http://testserver/reviews/R-12"), ("https://elsewhere.example/", "/"), ("", "/")]
)
def test_the_way_back_after_a_refused_write_is_the_page_with_the_form(visitor, referer, expected):
    response = visitor.post("/raise/conflict", headers={"Referer": referer})
    assert f'href="{expected}">Load the page again' in response.text
