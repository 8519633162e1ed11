"""The OpenAPI document as people read it: operations by group, each with what it takes, what it answers and a call to try."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from marketplace.api.shapes import Field, Shapes
from marketplace.errors import ABOUT_THE_REQUEST, all_kinds

PLACES = ("path", "query", "header")
VERBS = ("get", "post", "put", "patch", "delete")
CODES = {str(kind.status): kind.code for kind in all_kinds()} | {str(status): code for code, _, status, _ in ABOUT_THE_REQUEST}


@dataclass(frozen=True)
class Problem:
    """One way in which an operation refuses; `code` leads to its explanation."""

    status: str
    code: str
    text: str


@dataclass(frozen=True)
class Body:
    """What is sent or answered in one media type."""

    status: str  # of an answer; empty for what is sent
    media: str
    text: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    name: str
    method: str
    path: str
    title: str
    text: str
    scope: str
    parameters: tuple[Field, ...]
    sent: Body | None
    answers: tuple[Body, ...]
    problems: tuple[Problem, ...]
    curl: str


@dataclass(frozen=True)
class Group:
    """Operations about one kind of thing."""

    name: str
    text: str
    operations: tuple[Operation, ...]

    @property
    def title(self) -> str:
        """The name as a heading."""
        return self.name.replace("-", " ").capitalize()


@dataclass(frozen=True)
class Reference:
    """The whole document."""

    groups: tuple[Group, ...]
    problems: tuple[Problem, ...]

    @property
    def count(self) -> int:
        """How many operations there are."""
        return sum(len(group.operations) for group in self.groups)


@lru_cache(maxsize=1)
def reference() -> Reference:
    """Return the document of this process in words; made once, since the code does not change while it runs."""
    return read(SchemaGenerator(api_version="1").get_schema(request=None, public=True))  # type: ignore[no-untyped-call]


def read(document: Mapping[str, Any]) -> Reference:
    """Put an OpenAPI document into words."""
    shapes = Shapes(document["components"]["schemas"])
    operations: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method in filter(methods.__contains__, VERBS):
            for tag in methods[method]["tags"]:
                operations[tag].append(_operation(shapes, path, method, methods[method]))
    groups = tuple(Group(tag["name"], tag.get("description", ""), tuple(operations[tag["name"]])) for tag in document["tags"])
    every = {problem.status: problem for group in groups for operation in group.operations for problem in operation.problems}
    return Reference(groups, tuple(every[status] for status in sorted(every)))


def _operation(shapes: Shapes, path: str, method: str, told: Mapping[str, Any]) -> Operation:
    """Read one operation."""
    text = " ".join(str(told.get("description", "")).split())
    title = told.get("summary") or _title(path, text)
    parameters = tuple(_parameter(shapes, given) for given in told.get("parameters", ()))
    content = told.get("requestBody", {}).get("content", {})
    sent = next((_body(shapes, "", media, "", shape) for media, shape in content.items()), None)
    scope = next((need["token"][0] for need in told.get("security", ()) if need.get("token")), "")
    answers = (a for status, answer in told["responses"].items() if status < "400" for a in _answers(shapes, status, answer))
    problems = (Problem(s, CODES.get(s, ""), str(a.get("description", ""))) for s, a in sorted(told["responses"].items()) if s >= "400")
    in_place = tuple(sorted(parameters, key=lambda field: (PLACES.index(field.place), path.find(f"{{{field.name}}}"))))
    called = _curl(path, method, parameters, _sample(shapes, content))
    return Operation(told["operationId"], method.upper(), path, title, text, scope, in_place, sent, tuple(answers), tuple(problems), called)


def _title(path: str, text: str) -> str:
    """Name an operation that has no summary: the thing its address ends in, and the beginning of what it does with it."""
    thing = next(part for part in reversed(path.split("/")) if "{" not in part)
    does = re.split(r"[;:,.](?: |$)", text)[0]
    return f"{thing.replace('-', ' ').capitalize()}: {does[:1].lower()}{does[1:]}"


def _parameter(shapes: Shapes, given: Mapping[str, Any]) -> Field:
    """Read one parameter."""
    schema = given.get("schema", {})
    example = given.get("example", shapes.sample(schema, given["name"]))
    kind = shapes.kind(schema)
    is_plain = kind == "text" and example == "text"
    return Field(given["name"], kind, bool(given.get("required")), given.get("description", ""), "" if is_plain else str(example), given["in"])


def _answers(shapes: Shapes, status: str, answer: Mapping[str, Any]) -> Iterator[Body]:
    """Read what an operation answers with when all is well."""
    content = answer.get("content", {})
    if not content:
        yield Body(status, "", answer.get("description", "") or "Nothing but the status.", ())
    for media, shape in content.items():
        yield _body(shapes, status, media, answer.get("description", ""), shape)


def _body(shapes: Shapes, status: str, media: str, text: str, told: Mapping[str, Any]) -> Body:
    """Read the shape of one body; what is made-up about a field that people do not send is left out."""
    schema = told.get("schema", {})
    fields = tuple(shapes.fields(schema))
    words = text or ("" if fields else f"{shapes.kind(schema).capitalize()}.")
    return Body(status, media, words, tuple(replace(f, example="" if f.example == "text" else f.example) for f in fields))


def _sample(shapes: Shapes, content: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Return what to send, with its media type."""
    for media, told in content.items():
        return media, shapes.sample(told.get("schema", {})) if media == "application/json" else None
    return None


def _curl(path: str, method: str, parameters: tuple[Field, ...], sent: tuple[str, Any] | None) -> str:
    """Write the call for a shell; the token and the address come from the environment."""
    for field in parameters:
        if field.place == "path":
            path = path.replace(f"{{{field.name}}}", field.example or "7")
    lines = ["curl -sS" + ("" if method == "get" else f" -X {method.upper()}") + f' "$MARKETPLACE{path}"']
    lines.append('-H "Authorization: Bearer $MARKETPLACE_TOKEN"')
    # If-Match is not declared as required, since leaving it out has an answer of its own (428); a call without it still gets nowhere.
    needed = [f for f in parameters if f.place == "header" and (f.required or f.name == "If-Match")]
    lines += [f"-H {shlex.quote(f'{f.name}: {f.example}')}" for f in needed]
    if sent:
        media, value = sent
        lines.append(f"-H {shlex.quote(f'Content-Type: {media}')}")
        lines.append(f"-d {shlex.quote(json.dumps(value, ensure_ascii=False))}" if media == "application/json" else "--data-binary @FILE")
    return " \\\n  ".join(lines)
