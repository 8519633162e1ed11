"""REST of cards: read, save against a known revision, list revisions, and carry README.md in and out."""

from typing import Any, get_args

from django.http import HttpResponseBase, QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.cards.actions import import_readme, rendered, save_card
from catalog.cards.completeness import Moment, json_schema
from catalog.cards.facts import schema_of
from catalog.cards.models import CardRevision
from catalog.cards.pages import etag_of, readme_response
from catalog.cards.parser import MAX_TEXT
from catalog.cards.queries import bound_versions, card_revision, completeness_for, current_card, history
from catalog.cards.schema import PACKS, TIERS
from catalog.cards.serializers import CardInput, CardShape, RevisionsShape, SavedShape, card_shape, revision_shape
from catalog.registry.models import RegisteredModel
from catalog.registry.queries import model_named
from marketplace.accounts.models import User
from marketplace.api.pagination import body, keyset_by_id
from marketplace.api.parsers import RawParser
from marketplace.api.schema import PAGED
from marketplace.api.views import ApiView
from marketplace.errors import Conflict, DomainError, Invalid, NotFound, TooLarge

MAX_README = MAX_TEXT * 4 + 600_000
MOMENTS: tuple[Moment, ...] = get_args(Moment)
TIER = OpenApiParameter("tier", {"type": "string", "enum": list(TIERS)}, description="The risk tier; without it the model's own, else the strictest")
BY_WHEN = "What has to be there by when; what a reviewer accepted as not disclosed is shown with the checks of a version"
MOMENT = OpenApiParameter("moment", {"type": "string", "enum": list(MOMENTS), "default": "submit"}, description=BY_WHEN)
PACK = OpenApiParameter("pack", str, enum=sorted(PACKS), many=True, description="Duties that the use adds")
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description='The ETag that was read; "0" where there is no card yet')
MARKDOWN = {(200, "text/markdown"): OpenApiTypes.STR}


def moved(number: int) -> DomainError:
    """Return the refusal of a change to a card that is not the one the caller read."""
    error = DomainError(
        f"The card is at revision {number} now.", hint="Read it again, put your change over it, and send the new ETag.",
        code="precondition-failed", etag=f'"{number}"', revision=number,
    )  # fmt: skip
    error.status, error.title = 412, "The card has moved on"
    return error


def expected_of(request: Request, model: RegisteredModel) -> int:
    """Return the revision that the caller read, from If-Match; refuse when it is missing or not the present one."""
    given, present = request.headers.get("If-Match", "").strip(), current_card(model)
    if not given:
        error = DomainError(
            "Say which revision you change.", hint='Read the card and send its ETag as If-Match; "0" where there is none yet.',
            code="precondition-required", etag=etag_of(present),
        )  # fmt: skip
        error.status, error.title = 428, "If-Match is missing"
        raise error
    number = present.number if present is not None else 0
    if etag_of(present) not in {tag.strip().removeprefix("W/") for tag in given.split(",")} and (given != "*" or not number):
        raise moved(number)
    return number


def choice(query: QueryDict, name: str, options: tuple[str, ...], default: str) -> str:
    """Return a choice in the query string, or raise Invalid."""
    value = query.get(name, default)
    if value and value not in options:
        raise Invalid(f"There is no such {name}.", fields={name: [f"Use one of {', '.join(options)}."]})
    return value


class CardApi(ApiView):
    """What the addresses of a card share."""

    def model(self, team: str, name: str) -> RegisteredModel:
        """Return the model that the address names, if the caller may see it."""
        if "\0" in team + name:
            raise NotFound
        return model_named(self.request.user, team, name)

    @property
    def person(self) -> User:
        """Return who calls."""
        person: Any = self.request.user
        found: User = person
        return found

    def answer(self, model: RegisteredModel, card: CardRevision | None, **more: Any) -> Response:
        """Return the card with what it lacks, and its revision as ETag."""
        query = self.request.query_params
        tier, moment = choice(query, "tier", TIERS, ""), choice(query, "moment", MOMENTS, "submit")
        lacks = completeness_for(card, model, tier, next(m for m in MOMENTS if m == moment))
        shape = card_shape(rendered(card) if card is not None else None) | {
            "completeness": {
                "tier": schema_of(model, tier).tier,
                "done": lacks.done,
                "required": lacks.required,
                "missing": {item.field: item.why for item in lacks.missing},
            },
            "approvals": [{"version": version, "revision": revision} for version, revision in bound_versions(model)],
        }
        return Response(shape | more, headers={"ETag": etag_of(card)})

    def handle_exception(self, exc: Exception) -> Response:
        """Answer a card that moved on as RFC 9110 says: 412 with the present tag."""
        fault = moved(int(str(exc.data.get("revision", 0)))) if isinstance(exc, Conflict) and exc.code == "card-moved" else exc
        response = super().handle_exception(fault)
        if isinstance(fault, DomainError) and isinstance(tag := fault.data.get("etag"), str):
            response["ETag"] = tag
        return response


class Card(CardApi):
    """The card of a model."""

    @extend_schema(parameters=[TIER, MOMENT], responses=CardShape, summary="Show a card")
    def get(self, request: Request, team: str, name: str) -> Response:
        """Return the present card, where each value is from, and what is missing for a tier."""
        model = self.model(team, name)
        return self.answer(model, current_card(model))

    @extend_schema(parameters=[IF_MATCH], request=CardInput, responses=CardShape, summary="Replace a card")
    def put(self, request: Request, team: str, name: str) -> Response:
        """Save the card as given; fields that are not given are taken away."""
        model = self.model(team, name)
        expected, given, card = expected_of(request, model), self.input(CardInput), current_card(model)
        values = dict.fromkeys(card.values if card is not None else ()) | given.pop("values", {})
        text = given.pop("text", "")
        return self.answer(model, save_card(model, by=self.person, values=values, text=text, expected_revision=expected, **given))

    @extend_schema(parameters=[IF_MATCH], request=CardInput, responses=CardShape, summary="Change a card")
    def patch(self, request: Request, team: str, name: str) -> Response:
        """Change the given fields; everything else stays."""
        model = self.model(team, name)
        expected, given = expected_of(request, model), self.input(CardInput)
        return self.answer(model, save_card(model, by=self.person, expected_revision=expected, **({"values": {}} | given)))


class CardRevisions(CardApi):
    """The history of a card."""

    @extend_schema(parameters=PAGED, responses=RevisionsShape, summary="List the revisions of a card")
    def get(self, request: Request, team: str, name: str) -> Response:
        """Return the revisions, newest first."""
        return Response(body(keyset_by_id(history(self.model(team, name)), request.query_params), revision_shape))


class CardRevisionView(CardApi):
    """One revision of a card."""

    @extend_schema(parameters=[TIER, MOMENT], responses=CardShape, summary="Show a revision of a card")
    def get(self, request: Request, team: str, name: str, number: int) -> Response:
        """Return one revision; it never changes."""
        model = self.model(team, name)
        return self.answer(model, card_revision(model, number))


class CardSchemaView(CardApi):
    """The fields of a card."""

    @extend_schema(parameters=[TIER, PACK], responses={200: OpenApiTypes.OBJECT}, summary="Show the fields of a card as JSON Schema")
    def get(self, request: Request, team: str, name: str) -> Response:
        """Return the fields with their duties in a tier (x-duty: R to submit, A before approval, P before production, o optional)."""
        model, packs = self.model(team, name), request.query_params.getlist("pack")
        tier = choice(request.query_params, "tier", TIERS, "")
        if unknown := sorted(set(packs) - PACKS):
            raise Invalid("There is no such pack.", fields={"pack": [f"{unknown[0][:40]!r} is none of {', '.join(sorted(PACKS))}."]})
        return Response(json_schema(schema_of(model, tier, packs)))


class CardReadme(CardApi):
    """The card as README.md with YAML at its head, as Hugging Face writes it."""

    parser_classes = (RawParser,)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002 - DRF's signature
        """Answer with Markdown whatever a client says it accepts."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(responses=MARKDOWN, summary="Export a card as README.md")
    def get(self, request: Request, team: str, name: str) -> HttpResponseBase:
        """Return the card as README.md."""
        model = self.model(team, name)
        return readme_response(model, current_card(model))

    @extend_schema(parameters=[IF_MATCH], request={"text/markdown": OpenApiTypes.STR}, responses=SavedShape, summary="Import a README.md as card")
    def put(self, request: Request, team: str, name: str) -> Response:
        """Take over a README.md: its text, the fields its YAML names, and the rest of the YAML for the way back."""
        model = self.model(team, name)
        expected = expected_of(request, model)
        card, warnings = import_readme(model, read_text(request), by=self.person, expected_revision=expected)
        return self.answer(model, card, warnings=warnings)


def read_text(request: Request) -> str:
    """Return the body as text, or say why it is none."""
    raw = request._request.read(MAX_README + 1)  # noqa: SLF001 - the unread body
    if len(raw) > MAX_README:
        raise TooLarge(f"A README may have at most {MAX_README:,} bytes.", hint="Send files as files of a version.")
    try:
        return str(raw.decode("utf-8"))
    except UnicodeDecodeError as wrong:
        raise Invalid("The README is not UTF-8.", fields={"request": [f"Byte {wrong.start} is not UTF-8. Save it as UTF-8."]}) from wrong
