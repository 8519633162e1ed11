"""The OpenAPI document is valid, complete, and what it promises is kept under generated requests."""

import re

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.urls import URLPattern, get_resolver
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from marketplace.accounts.actions import issue_token
from marketplace.wsgi import application
from tests import world as worlds

FEW, MANY = 3, 15


@pytest.fixture
def api(cast):
    """The document, read as a client with every scope would."""
    worlds.build(cast)
    # As Django's own test client does: a request must not close the connection whose transaction the test rolls back.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    _, secret = issue_token(cast.paul, by=cast.paul, name="fuzz", scopes=["read", "download", "publish", "review", "admin"])
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema?format=json", application, headers={"Authorization": f"Bearer {secret}"})
    schema.secret = secret
    yield schema
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


def test_the_document_has_no_warning(capsys):
    call_command("spectacular", validate=True, fail_on_warn=True, file="/dev/null")


def rest_addresses(patterns=None, prefix=""):
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            if path.startswith("api/v1/") and pattern.name:
                yield path
        else:
            yield from rest_addresses(pattern.url_patterns, path)


def test_every_rest_address_is_described(api):
    described = {op.ok().path.replace("{", "<").replace("}", ">") for op in api.get_all_operations()}
    ours = {"/" + re.sub(r"<\w+:", "<", path) for path in rest_addresses()} - {"/api/v1/schema"}
    missing = sorted({path.replace("<pk>", "<id>") for path in ours} - described)
    assert not missing, missing


def fuzz(api, examples):
    """Send generated requests to every operation; nothing may fail on our side or differ from the document."""
    checks = [status_code_conformance, content_type_conformance, response_schema_conformance]
    wrong = []
    for result in api.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=examples, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck), derandomize=True,
        )  # fmt: skip
        def call(case):
            from django.db import transaction

            with transaction.atomic():
                response = case.call(headers={"Authorization": f"Bearer {api.secret}"})
                transaction.set_rollback(True)
            assert response.status_code < 500, f"{case.method} {case.formatted_path}: {response.status_code}"
            case.validate_response(response, checks=checks)

        try:
            given_case(operation, call)
        except (Exception, BaseExceptionGroup) as problem:
            wrong.append(f"{operation.method.upper()} {operation.path}: {str(problem)[:600]}")
    return wrong


def given_case(operation, call):
    """Run the call under hypothesis."""
    from hypothesis import given

    given(case=operation.as_strategy())(call)()


@pytest.mark.full
def test_generated_requests_get_described_answers(api):
    wrong = fuzz(api, FEW)
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.full
@pytest.mark.timeout(1500)
def test_many_generated_requests_get_described_answers(api):
    wrong = fuzz(api, MANY)
    assert not wrong, "\n\n".join(wrong)
