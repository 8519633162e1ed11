"""The marks of every journey; that one worker runs them all is in tests/conftest.py."""

import pytest

JOURNEY = [pytest.mark.browser, pytest.mark.timeout(240)]
