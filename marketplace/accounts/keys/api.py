"""REST of tokens, and the exchange of a CI job's proof for one."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.accounts.keys.actions import exchange_assertion, issue_token, revoke_token, rotate_token
from marketplace.accounts.keys.limits import limits_named, words_of
from marketplace.accounts.keys.queries import account_kept_by, token_of, tokens_of
from marketplace.accounts.keys.serializers import ExchangeInput, IssuedToken, TokenInput, TokenOutput, TokenPage, token_shape
from marketplace.accounts.models import ApiToken
from marketplace.api.pagination import body, keyset_by_id
from marketplace.api.schema import PAGED
from marketplace.api.views import ApiView

ADMIN: dict[str, str] = {"GET": "read", "HEAD": "read", "POST": "admin", "DELETE": "admin"}


def issued(viewer: Any, token: ApiToken, secret: str) -> Response:
    """Answer with a new token and its secret, which nobody may keep on the way."""
    shape = token_shape(token, words_of(viewer, [token])) | {"secret": secret}
    return Response(shape, status=201, headers={"Location": f"/api/v1/tokens/{token.pk}", "Cache-Control": "no-store"})


class Tokens(ApiView):
    """My tokens."""

    scopes: ClassVar[dict[str, str]] = ADMIN
    answers_hold_secrets: ClassVar[bool] = True

    @extend_schema(responses=TokenPage, parameters=PAGED, summary="List my tokens")
    def get(self, request: Request) -> Response:
        """Return my tokens, newest first, without secrets."""
        page = keyset_by_id(tokens_of(request.user), request.query_params)  # type: ignore[arg-type]
        words = words_of(request.user, page.rows)
        return Response(body(page, lambda token: token_shape(token, words)))

    @extend_schema(request=TokenInput, responses={201: IssuedToken}, summary="Issue a token")
    def post(self, request: Request) -> Response:
        """Issue a token for me or for a service account of a team I own; the secret is in this answer and never again."""
        values, me = self.input(TokenInput), request.user
        limits = limits_named(me, values.pop("only_teams"), values.pop("only_models"))
        whose: Any = account_kept_by(me, values.pop("service_account")) if "service_account" in values else me
        token, secret = issue_token(whose, by=me, parent=request.auth, limits=limits, **values)  # type: ignore[arg-type]
        return issued(me, token, secret)


class TokenView(ApiView):
    """One token of mine, or of a service account that I look after."""

    scopes: ClassVar[dict[str, str]] = ADMIN

    @extend_schema(responses=TokenOutput, summary="Show a token")
    def get(self, request: Request, pk: int) -> Response:
        """Return a token without its secret."""
        token = token_of(request.user, pk)  # type: ignore[arg-type]
        return Response(token_shape(token, words_of(request.user, [token])))

    @extend_schema(responses={204: None}, summary="Revoke a token")
    def delete(self, request: Request, pk: int) -> Response:
        """End a token at once."""
        revoke_token(token_of(request.user, pk), by=request.user)  # type: ignore[arg-type]
        return Response(status=204)


class TokenRotate(ApiView):
    """A new secret for a token."""

    scopes: ClassVar[dict[str, str]] = ADMIN
    answers_hold_secrets: ClassVar[bool] = True

    @extend_schema(request=None, responses={201: IssuedToken}, summary="Rotate a token")
    def post(self, request: Request, pk: int) -> Response:
        """Issue the successor of a token; the old secret counts for 24 hours more at most."""
        token, secret = rotate_token(token_of(request.user, pk), by=request.user, parent=request.auth)  # type: ignore[arg-type]
        return issued(request.user, token, secret)


class TokenExchange(ApiView):
    """The way of CI jobs: no secret is kept anywhere."""

    authentication_classes = ()
    permission_classes = ()
    scopes: ClassVar[dict[str, str]] = {}  # it comes without a token

    @extend_schema(request=ExchangeInput, responses={201: IssuedToken}, auth=[], summary="Exchange a CI job's token")
    def post(self, request: Request) -> Response:
        """Take the OIDC token of a CI job that a service account trusts, once, and answer with a token for an hour."""
        values = self.input(ExchangeInput)
        token, secret = exchange_assertion(values["token"], account=values["service_account"])
        return issued(token.user, token, secret)
