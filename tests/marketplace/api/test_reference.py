"""The OpenAPI document in words: every operation, its scope, its fields, and samples that fit."""

import jsonschema
import pytest
from drf_spectacular.generators import SchemaGenerator

from marketplace.accounts.tokens import SCOPES
from marketplace.api import reference as made
from marketplace.api.shapes import Shapes

SHAPES = Shapes(
    {
        "Team": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "maxLength": 96}}, "description": "A team."},
        "Node": {"type": "object", "properties": {"title": {"type": "string"}, "next": {"$ref": "#/components/schemas/Node"}}},
        "TeamPage": {
            "type": "object",
            "required": ["results"],
            "properties": {
                "results": {"type": "array", "items": {"$ref": "#/components/schemas/Team"}},
                "next": {"type": ["string", "null"], "description": "The cursor"},
            },
        },
    }
)


@pytest.fixture(scope="module")
def document():
    return SchemaGenerator(api_version="1").get_schema(request=None, public=True)


@pytest.fixture(scope="module")
def operations():
    return {o.name: o for group in made.reference().groups for o in group.operations}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "maxLength": 96}, "text, at most 96 characters"),
        ({"type": ["string", "null"], "format": "date-time"}, "moment (ISO 8601), or null"),
        ({"oneOf": [{"$ref": "#/components/schemas/Team"}, {"type": "null"}]}, "object, or null"),
        ({"enum": ["", "T1"], "type": "string"}, "one of “”, T1"),
        ({"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, "whole number, 1 to 200; 50 when left out"),
        ({"type": "integer", "minimum": 0, "maximum": 2**62}, "whole number, 0 or more"),
        ({"type": "boolean", "default": False}, "true or false; false when left out"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Team"}}, "list of objects"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "object of names to text"),
        ({"type": "string", "pattern": "^[0-9a-f]{64}$"}, "text like ^[0-9a-f]{64}$"),
        ({}, "any JSON"),
    ],
)
def test_a_shape_is_said_in_words(schema, words):
    assert SHAPES.kind(schema) == words


def test_fields_of_inner_objects_follow_under_their_path():
    told = [(f.name, f.required, f.text) for f in SHAPES.fields({"$ref": "#/components/schemas/TeamPage"})]
    assert told == [("results", True, ""), ("results[].name", True, ""), ("next", False, "The cursor")]


def test_a_shape_that_holds_itself_ends():
    assert [f.name for f in SHAPES.fields({"$ref": "#/components/schemas/Node"})] == [
        "title",
        "next",
        "next.title",
        "next.next",
        "next.next.title",
        "next.next.next",
    ]


def test_every_operation_of_the_document_is_told_once(document, operations):
    wanted = {(m.upper(), path) for path, methods in document["paths"].items() for m in methods if m in made.VERBS}
    assert {(o.method, o.path) for o in operations.values()} == wanted
    assert made.reference().count == len(wanted) == len(operations)
    assert all(o.title and o.answers and o.problems for o in operations.values())


def test_every_operation_names_the_scope_that_its_view_asks_for(operations):
    assert {o.scope for o in operations.values() if o.name != "post_token_exchange"} == SCOPES.keys() - {"directory"}, "SCIM describes itself"
    assert operations["post_token_exchange"].scope == "", "a CI job comes without a token"
    assert (operations["files_download"].scope, operations["post_tokens"].scope, operations["get_models"].scope) == ("download", "admin", "read")


def test_every_group_is_described_and_has_operations():
    assert all(group.text and group.operations for group in made.reference().groups)


def test_what_a_sample_sends_fits_its_own_shape(document):
    shapes = Shapes(document["components"]["schemas"])
    tried = 0
    for methods in document["paths"].values():
        for told in methods.values():
            schema = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            if schema:
                jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(shapes.sample(schema))
                tried += 1
    assert tried > 15


def test_a_call_to_try_holds_no_secret_and_leaves_nothing_open(operations):
    for operation in operations.values():
        assert "{" not in operation.curl.split("-d ")[0].replace("$MARKETPLACE", ""), operation.curl
        assert 'Bearer $MARKETPLACE_TOKEN"' in operation.curl
    assert operations["put_card"].curl.count("If-Match") == 1
    assert '-d \'{"name": "nightly batch", "scopes": ["read", "download"]}\'' in operations["post_tokens"].curl


def test_every_operation_says_what_it_does(document):
    said = [operation for methods in document["paths"].values() for operation in methods.values() if isinstance(operation, dict)]
    assert [operation["operationId"] for operation in said if "summary" not in operation] == []


def test_every_operation_has_a_title_of_its_own(operations):
    titles = [o.title for o in operations.values()]
    assert len(set(titles)) == len(titles)
    assert (operations["get_teams"].title, operations["get_decisions"].title) == ("List teams", "List decisions of a review")


def test_parameters_stand_in_the_order_of_the_address(operations):
    assert [f.name for f in operations["get_alias"].parameters] == ["team", "name", "alias"]
    assert [f.place for f in operations["files_download"].parameters] == ["path"] * 4 + ["query", "header"]


def test_the_document_is_read_once_in_a_process(monkeypatch):
    made.reference()
    monkeypatch.setattr(made, "SchemaGenerator", None)
    assert made.reference() is made.reference()
