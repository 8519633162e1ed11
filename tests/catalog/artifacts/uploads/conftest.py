"""A draft to send to, and nothing left over from earlier tests."""

import pytest

from catalog.artifacts import store
from tests.factories import a_model, a_version


@pytest.fixture
def draft(cast):
    return a_version(a_model(cast.finance_ml, cast.paul), cast.paul)


@pytest.fixture(autouse=True)
def _nothing_on_its_way():
    """What earlier tests rolled back in the database still lies in the folder."""
    for found in store.incoming().iterdir():
        found.unlink()
