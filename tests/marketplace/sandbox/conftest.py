"""One machine to lose something on, for all tests of the probe."""

import pytest

from marketplace.sandbox.selftest import weakness
from tests.marketplace.sandbox.probing import Machine


@pytest.fixture(scope="module")
def machine():
    with Machine() as found:
        yield found


@pytest.fixture(scope="module", params=["bubblewrap", "landlock"])
def profile(request):
    """Each profile that works on this machine."""
    weak = weakness(request.param)
    if weak:
        pytest.skip(f"{request.param} does not work here: {weak}")
    return request.param
