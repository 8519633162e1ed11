"""The marks of every journey: a browser is needed, and one worker runs them all so that the site starts once."""

import pytest

JOURNEY = [pytest.mark.browser, pytest.mark.xdist_group("journeys"), pytest.mark.timeout(240)]
