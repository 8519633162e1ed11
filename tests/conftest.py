"""The cast and the world of all tests; nothing but loopback is reached."""

import pytest
from django.core.cache import cache
from django.db import connection
from xdist.scheduler import LoadScopeScheduling

from marketplace.accounts.actions import issue_token
from tests import cast as people

# A flush between tests that really commit empties the tables; in production nothing may.
LET_TESTS_FLUSH = """
ALTER TABLE marketplace_event DISABLE TRIGGER events_are_never_truncated;
ALTER TABLE marketplace_eventlink DISABLE TRIGGER links_are_never_truncated;
"""


TOGETHER = (
    "tests/journeys/", "tests/governance/demo/",
    "tests/architecture/test_doors", "tests/architecture/test_writes", "tests/architecture/test_names", "tests/architecture/test_sizes",
)  # fmt: skip


class WorldsTogether(LoadScopeScheduling):
    """Gives each worker the next test, but all that share a costly world, or are many and tiny, to one.

    xdist's own groups add their name to the id of a test in a way that pytest 9.2 no longer reads.
    """

    def _split_scope(self, nodeid):
        return next((place for place in TOGETHER if nodeid.startswith(place)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return WorldsTogether(config, log)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Build the cast once per worker, before the tests that roll back."""
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(LET_TESTS_FLUSH)
        people.load()


@pytest.fixture
def cast(db):
    """The demo people and teams, read fresh."""
    return people.load()


@pytest.fixture(autouse=True)
def _clean_cache():
    cache.clear()


@pytest.fixture
def token_of(db):
    """Issue a token for somebody: `token_of(cast.bea, "read", "download")` -> the header to send."""

    def issue(user, *scopes, days=30):
        _, secret = issue_token(user, by=user, name="test", scopes=list(scopes) or ["read", "download", "publish"], days=days)
        return {"Authorization": f"Bearer {secret}"}

    return issue


@pytest.fixture
def signed_in(client):
    """Sign somebody in: `signed_in(cast.bea).get("/models")`."""

    def enter(user):
        client.force_login(user, backend="marketplace.accounts.backends.PasswordBackend")
        return client

    return enter
