"""The base of all REST views: who calls, with which scopes, and one effect per Idempotency-Key."""

from functools import partial, wraps
from typing import Any, ClassVar, TypeVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from marketplace.api.actions import begin_answer, drop_answer, keep_answer
from marketplace.errors import NotAllowed

S = TypeVar("S", bound="BaseSerializer[Any]")


class ApiView(APIView):
    """A view of /api/v1/. `scopes` names the token scope that each method needs; a session needs none."""

    scopes: ClassVar[dict[str, str]] = {
        "GET": "read",
        "HEAD": "read",
        "POST": "publish",
        "PUT": "publish",
        "PATCH": "publish",
        "DELETE": "publish",
    }
    answers_hold_secrets: ClassVar[bool] = False
    is_within_limits: ClassVar[bool] = True  # False: it tells of more than models, so a token that is limited to some may not ask

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the caller, then the token's scope."""
        super().initial(request, *args, **kwargs)
        scope = self.scopes.get(str(request.method))
        token: Any = request.auth
        if token is not None and scope and scope not in token.scopes:
            raise NotAllowed(
                f"This token may {', '.join(token.scopes) or 'do nothing'}; this needs the scope {scope}.",
                hint=f"Issue a token with the scope {scope}.",
                code="scope-missing",
            )

        if not self.is_within_limits and getattr(request.user, "limits", None):
            raise NotAllowed(
                "This token is limited to some models or teams; this address tells of more than those.",
                hint="Use a token without limits.",
                code="token-limited",
            )

    def input(self, serializer: type[S]) -> dict[str, Any]:
        """Return the checked body in the declared shape, or raise Invalid."""
        shaped = serializer(data=self.request.data)
        shaped.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(shaped.validated_data)
        return values

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let every `post` run once per Idempotency-Key."""
        super().__init_subclass__(**kwargs)
        if "post" in cls.__dict__:
            handler = cls.__dict__["post"]

            @wraps(handler)
            def post(self: ApiView, request: Request, *args: Any, **kwargs: Any) -> Response:
                return self.run_once(request, partial(handler, self), *args, **kwargs)

            cls.post = post  # type: ignore[attr-defined]

    def run_once(self, request: Request, handler: Any, *args: Any, **kwargs: Any) -> Response:
        """Run a POST under its Idempotency-Key: the first run's answer is kept for a day and given again, to the same caller only."""
        key = request.headers.get("Idempotency-Key", "")
        if request.method != "POST" or not key or not request.user.is_authenticated:
            response: Response = handler(request, *args, **kwargs)
            return response
        caller = f"token:{request.auth.pk}" if request.auth is not None else f"session:{request.user.pk}"
        row, kept = begin_answer(caller, key, request.method, request.get_full_path(), request.data)
        if kept is not None:
            return kept
        try:
            response = handler(request, *args, **kwargs)
        except Exception as fault:  # noqa: BLE001 - every answer is kept, also that of an error
            response = self.handle_exception(fault)
            if response.status_code >= 500:
                drop_answer(row)
                return response
        keep_answer(row, response, holds_secret=self.answers_hold_secrets)
        return response
