"""The addresses of /scim/v2: for the company's directory alone, with a token that an administrator issued for it."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.accounts.authentication import TokenAuthentication
from marketplace.accounts.models import DirectoryGroup, User
from marketplace.accounts.permissions import require_administrator
from marketplace.accounts.scim import schemas
from marketplace.accounts.scim.actions import add_group, bring_person, change_group, change_person, remove_group, remove_person
from marketplace.accounts.scim.attributes import GROUP, USER
from marketplace.accounts.scim.errors import ScimError, handle, invalid_value
from marketplace.accounts.scim.filters import parsed
from marketplace.accounts.scim.patching import patched
from marketplace.accounts.scim.queries import group_of, groups_of, groups_where, lock, lock_groups_of, members_of, people_where, person_of
from marketplace.accounts.scim.reading import read
from marketplace.accounts.scim.shapes import asks_for, chosen, group_shape, list_shape, told_of, user_shape
from marketplace.api.parsers import StrictJSONParser
from marketplace.api.renderers import JSONRenderer
from marketplace.api.views import ApiView
from marketplace.errors import NotFound

MEDIA_TYPE = "application/scim+json"


class ScimParser(StrictJSONParser):
    """application/scim+json is JSON."""

    media_type = MEDIA_TYPE


class ScimRenderer(JSONRenderer):
    """application/scim+json is JSON."""

    media_type = MEDIA_TYPE


class OneFormat(BaseContentNegotiation):
    """Whatever is asked for, the answer is SCIM."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return the parser of what was sent."""
        sent = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == sent), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> tuple[Any, str]:
        """Return the only one."""
        return renderers[0], MEDIA_TYPE


class ScimView(ApiView):
    """A view for the directory. A session opens nothing here; a token needs the scope, and its person to be an administrator."""

    authentication_classes = (TokenAuthentication,)
    parser_classes = (ScimParser, StrictJSONParser)
    renderer_classes = (ScimRenderer,)
    content_negotiation_class = OneFormat
    schema = None  # the protocol describes itself, at /scim/v2/Schemas
    is_within_limits: ClassVar[bool] = False
    scopes: ClassVar[dict[str, str]] = dict.fromkeys(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"), "directory")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let in the directory, and nobody who was an administrator only when the token was issued."""
        super().initial(request, *args, **kwargs)
        caller: Any = request.user
        if caller.is_person:
            require_administrator(caller, "speak for the company's directory")
        caller.is_directory = True

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        """Say errors in the form of SCIM."""
        return handle


def answer(request: Request, shape: Mapping[str, Any], *, status: int = 200) -> Response:
    """Answer with a resource and its version; 304 when the caller has it."""
    meta = shape["meta"]
    headers = {"ETag": meta["version"]} | ({"Location": meta["location"]} if status == 201 else {})
    if request.method == "GET" and request.headers.get("If-None-Match") == meta["version"]:
        return Response(status=304, headers=headers)
    return Response(chosen(shape, request.query_params), status=status, headers=headers)


def require_version(request: Request, shape: Mapping[str, Any]) -> None:
    """Refuse a change to something that is no longer as the caller read it."""
    wanted = request.headers.get("If-Match", "*")
    if wanted not in ("*", shape["meta"]["version"]):
        raise ScimError("", "This was changed since you read it. Read it again.", status=412)


def kept(told: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Some of what is known of a resource."""
    return {name: told[name] for name in names}


def page(rows: QuerySet[Any], query: QueryDict, shaped: Callable[[list[Any]], list[dict[str, Any]]]) -> Response:
    """Answer with some of the rows, counted from one."""
    start, count = (_number(query, name, otherwise) for name, otherwise in (("startIndex", 1), ("count", schemas.MOST_RESULTS)))
    start, count = max(start, 1), min(max(count, 0), schemas.MOST_RESULTS)
    found = list(rows[start - 1 : start - 1 + count]) if count else []
    return Response(list_shape(rows.count(), start, [chosen(shape, query) for shape in shaped(found)]))


def _number(query: QueryDict, name: str, otherwise: int) -> int:
    text = query.get(name, str(otherwise))
    if not text.removeprefix("-").isdecimal() or not text.isascii() or len(text) > 9:
        raise invalid_value(f"{name} must be a whole number.")
    return int(text)


def user_shapes(people: list[User]) -> list[dict[str, Any]]:
    """People as JSON, with their groups."""
    listed = groups_of(people)
    return [user_shape(person, listed[person.pk]) for person in people]


def one_user(person: User) -> dict[str, Any]:
    """A person as JSON."""
    return user_shapes([person])[0]


class Users(ScimView):
    """People."""

    def get(self, request: Request) -> Response:
        """List people, or those for whom a filter holds."""
        wish = request.query_params.get("filter", "")
        return page(people_where(parsed(wish) if wish else ()), request.query_params, user_shapes)

    def post(self, request: Request) -> Response:
        """Bring a person."""
        made = bring_person(read(USER, request.data), by=request.user)  # type: ignore[arg-type]
        return answer(request, one_user(made), status=201)


class UserView(ScimView):
    """One person."""

    def get(self, request: Request, uid: str) -> Response:
        """Show a person."""
        return answer(request, one_user(person_of(uid)))

    def put(self, request: Request, uid: str) -> Response:
        """Replace what is said of a person; an id or a state that is left out stays."""
        return self._change(request, uid, lambda person: {**kept(told_of(person), "externalId", "active"), **read(USER, request.data)})

    def patch(self, request: Request, uid: str) -> Response:
        """Change some of what is said of a person."""
        return self._change(request, uid, lambda person: patched(USER, told_of(person), request.data))

    @transaction.atomic
    def delete(self, request: Request, uid: str) -> Response:
        """Remove a person: the account is closed and stays in the record."""
        lock_groups_of(person_of(uid))
        remove_person(self._locked(request, uid), by=request.user)  # type: ignore[arg-type]
        return Response(status=204)

    @transaction.atomic
    def _change(self, request: Request, uid: str, told: Callable[[User], dict[str, Any]]) -> Response:
        person = self._locked(request, uid)
        return answer(request, one_user(change_person(person, told(person), by=request.user)))  # type: ignore[arg-type]

    def _locked(self, request: Request, uid: str) -> User:
        """The person, whom nobody else changes meanwhile, in the version that the caller means."""
        person_of(uid)
        lock(User, person=uid)
        person = person_of(uid)
        require_version(request, one_user(person))
        return person


def group_shapes(query: QueryDict) -> Callable[[list[DirectoryGroup]], list[dict[str, Any]]]:
    """How groups are told: with their members, unless nobody asks for them."""

    def shaped(found: list[DirectoryGroup]) -> list[dict[str, Any]]:
        members = members_of(found) if asks_for("members", query) else {}
        return [group_shape(group, members.get(group.pk)) for group in found]

    return shaped


class Groups(ScimView):
    """Groups."""

    def get(self, request: Request) -> Response:
        """List groups, or those for which a filter holds."""
        wish = request.query_params.get("filter", "")
        return page(groups_where(parsed(wish) if wish else ()), request.query_params, group_shapes(request.query_params))

    def post(self, request: Request) -> Response:
        """Take up a group."""
        made = add_group(read(GROUP, request.data), by=request.user)  # type: ignore[arg-type]
        return answer(request, group_shapes(request.query_params)([made])[0], status=201)


class GroupView(ScimView):
    """One group."""

    def get(self, request: Request, uid: str) -> Response:
        """Show a group."""
        return answer(request, group_shapes(request.query_params)([group_of(uid)])[0])

    @transaction.atomic
    def put(self, request: Request, uid: str) -> Response:
        """Replace a group and its members."""
        group = self._locked(request, uid)
        told = {"externalId": group.external_id, **read(GROUP, request.data)}
        changed = change_group(group, told, by=request.user)  # type: ignore[arg-type]
        return answer(request, group_shapes(request.query_params)([changed])[0])

    @transaction.atomic
    def patch(self, request: Request, uid: str) -> Response:
        """Change a group; the answer is empty unless attributes are asked for, because a group may be large."""
        group = self._locked(request, uid)
        now = {"displayName": group.name, "externalId": group.external_id, "members": [{"value": str(pk)} for pk in members_of([group])[group.pk]]}
        changed = change_group(group, patched(GROUP, now, request.data), by=request.user)  # type: ignore[arg-type]
        if "attributes" in request.query_params:
            return answer(request, group_shapes(request.query_params)([changed])[0])
        return Response(status=204, headers={"ETag": group_shape(changed, None)["meta"]["version"]})

    @transaction.atomic
    def delete(self, request: Request, uid: str) -> Response:
        """Remove a group."""
        remove_group(self._locked(request, uid), by=request.user)  # type: ignore[arg-type]
        return Response(status=204)

    def _locked(self, request: Request, uid: str) -> DirectoryGroup:
        """The group, which nobody else changes meanwhile, in the version that the caller means."""
        lock(DirectoryGroup, pk=group_of(uid).pk)
        group = group_of(uid)
        require_version(request, group_shape(group, None))
        return group


class Described(ScimView):
    """What the service says about itself; the address is one of three."""

    found: Callable[[], dict[str, dict[str, Any]]] = staticmethod(schemas.schemas)

    def get(self, request: Request, name: str = "") -> Response:
        """List all, or show one."""
        known = self.found()
        if not name:
            return Response(list_shape(len(known), 1, list(known.values())))
        if name not in known:
            raise NotFound
        return Response(known[name])


class Provider(ScimView):
    """What the service can do."""

    def get(self, request: Request) -> Response:
        """Show it."""
        return Response(schemas.provider())


class Elsewhere(ScimView):
    """Addresses of the protocol that are not offered, and those that nobody knows."""

    def get(self, request: Request, rest: str) -> Response:
        """There is nothing to read."""
        if rest == "Me":
            raise ScimError("", "/Me is not offered: a directory is nobody's own account.", status=501)
        raise NotFound

    def post(self, request: Request, rest: str) -> Response:
        """Searching everything at once and sending many requests in one are not offered."""
        if rest.rpartition("/")[2] in {".search", "Bulk"}:
            raise ScimError("", "This is not offered. Filter /Users or /Groups; send one request for each change.", status=501)
        raise NotFound

    put = patch = delete = get
