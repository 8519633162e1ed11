"""What access shows on pages of others: my requests on My access; how its states look."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from governance.access.queries import my_requests
from marketplace.web import slots
from marketplace.web.states import describe

MOST = 50


def my_access_panel(request: HttpRequest, _: Any) -> str:
    """What I and my teams asked for, and where it stands."""
    return render_to_string("governance/access/_my_requests.html", {"parts": list(my_requests(request.user)[:MOST])}, request=request)


def fill() -> None:
    """Offer the panel, and teach the badges our states; called once when the app is ready."""
    slots.fill("my-access", "requests", title="Requests", order=10, render=my_access_panel)
    describe("waiting_owner", icon="clock", text="Waiting for the owner", tone="info")
    describe("waiting_privacy", icon="clock", text="Waiting for data privacy", tone="info")
    describe("asked", icon="message-square", text="A question to you who asked", tone="warning")
    describe("granted", icon="circle-check", text="Granted", tone="success")
    describe("denied", icon="circle-x", text="Denied", tone="danger")
