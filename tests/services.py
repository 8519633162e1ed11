"""pytest plugin (`-p tests.services`): private PostgreSQL and Valkey for a test run, before the settings are read.

What the environment gives is used instead. Workers of xdist inherit what the controlling process started.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from marketplace.local.folders import temporary_home
from marketplace.local.services import private_services

SAFE = {"DEBUG": "0", "PUBLIC_URL": "http://localhost", "FILES_URL": "", "EMAIL_URL": "consolemail://", "BEHIND_PROXY": "0"}


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Start what is missing before any other plugin reads the settings; stop it when pytest is done."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        stack = ExitStack()
        early_config.add_cleanup(stack.close)
        home = stack.enter_context(temporary_home())
        services = stack.enter_context(private_services(home, durable=False))
        os.environ.update(services.environment() | SAFE)
        os.environ["MARKETPLACE_VAR"] = str(home)
        os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)
        for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PUBLIC_URL", "STORAGE_URL", "EMAIL_URL"):
            os.environ.pop(f"{name}_FILE", None)
    return (yield)
