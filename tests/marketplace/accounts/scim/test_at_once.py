"""A directory sends several changes at once; none of them waits for another that waits for it."""

import threading
from contextlib import suppress

import pytest
from django.db import connections
from django.test import Client

from marketplace.accounts.models import DirectoryMembership
from marketplace.accounts.scim import api
from marketplace.accounts.scim.actions import groups
from tests.marketplace.accounts.scim.conftest import GROUPS, Directory, at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at_once(directory):
    """Run functions of a directory at once, each with a connection of its own; return the states of their answers."""

    def run(*calls):
        states = [0] * len(calls)

        def one(place, call):
            try:
                states[place] = call(Directory(Client(raise_request_exception=False), directory.secret)).status_code
            finally:
                connections.close_all()

        threads = [threading.Thread(target=one, args=pair) for pair in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return states

    return run


def meet(monkeypatch, *places):
    """Let calls of these functions wait a while for each other."""
    barrier = threading.Barrier(2)

    def slowed(function):
        def wrapper(*args, **kwargs):
            with suppress(threading.BrokenBarrierError):
                barrier.wait(1)
            return function(*args, **kwargs)

        return wrapper

    for module, name in places:
        monkeypatch.setattr(module, name, slowed(getattr(module, name)))


def test_two_groups_with_the_same_new_members_come_at_once(cast, directory, at_once, monkeypatch):
    members = [{"value": str(person.person)} for person in (cast.bea, cast.ivo)]
    meet(monkeypatch, (groups, "_record"))
    found = at_once(
        lambda it: it.send("POST", GROUPS, {"displayName": "ml-people", "members": members}),
        lambda it: it.send("POST", GROUPS, {"displayName": "group-object-id", "members": members[::-1]}),
    )
    assert found == [201, 201]
    assert DirectoryMembership.objects.count() == 4


def test_a_person_is_removed_while_a_group_of_theirs_changes(cast, directory, at_once, monkeypatch):
    uid = directory.groups("ml-people", cast.ada)
    meet(monkeypatch, (api, "remove_person"), (api, "change_group"))
    gone = {"op": "remove", "path": f'members[value eq "{cast.ada.person}"]'}
    found = at_once(lambda it: it.send("DELETE", at(cast.ada)), lambda it: it.patch(f"{GROUPS}/{uid}", gone))
    assert found == [204, 204]
    assert not DirectoryMembership.objects.exists()
