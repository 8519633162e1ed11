"""What can go wrong, said once: a code, a sentence, a hint and a status for every interface."""

from collections.abc import Mapping


class DomainError(Exception):
    """Something a person asked for cannot be done."""

    status = 400
    code = "bad-request"
    title = "This cannot be done"

    def __init__(self, sentence: str, *, hint: str = "", code: str = "", **data: object) -> None:
        super().__init__(sentence)
        self.sentence, self.hint, self.data = sentence, hint, data
        self.fields: dict[str, list[str]] = {}  # field -> what is wrong with it, where the input is
        if code:
            self.code = code


class NotSignedIn(DomainError):
    """Nobody is signed in, or the token no longer counts."""

    status = 401
    code = "not-signed-in"
    title = "Sign in first"


class NotAllowed(DomainError):
    """The person may see it, but may not do this."""

    status = 403
    code = "not-allowed"
    title = "You may not do this"


class NotFound(DomainError):
    """It does not exist, or does not exist for this person: both look the same."""

    status = 404
    code = "not-found"
    title = "Not found"

    def __init__(self, sentence: str = "There is nothing here that you can see.", *, hint: str = "", code: str = "", **data: object) -> None:
        super().__init__(sentence, hint=hint, code=code, **data)


class Conflict(DomainError):
    """The step is not possible from here, or somebody was faster."""

    status = 409
    code = "conflict"
    title = "This no longer fits"


class Invalid(DomainError):
    """The input is wrong; `fields` maps each field to what is wrong with it and how to mend it."""

    status = 422
    code = "invalid"
    title = "Some values need mending"

    def __init__(self, sentence: str, *, fields: Mapping[str, list[str]] | None = None, hint: str = "", code: str = "", **data: object) -> None:
        super().__init__(sentence, hint=hint, code=code, **data)
        self.fields = dict(fields or {})


class TooLarge(DomainError):
    """More bytes than may be sent in one piece."""

    status = 413
    code = "too-large"
    title = "Too large"


class OverQuota(DomainError):
    """The team's storage is used up; the sentence carries the numbers."""

    status = 507
    code = "over-quota"
    title = "The team's storage is full"


class Unavailable(DomainError):
    """A part we depend on does not answer right now."""

    status = 503
    code = "unavailable"
    title = "Not available right now"


# What no rule of ours refuses, but the way in which a request is written.
ABOUT_THE_REQUEST = (
    ("parse-error", "The body cannot be read", 400, "The body is no valid JSON, or too deep, or holds characters that nothing can store."),
    ("method-not-allowed", "No such method", 405, "The address exists, but not with this method."),
    ("not-acceptable", "No such format", 406, "The Accept header asks for a format that is not spoken here."),
    ("unsupported-media-type", "Wrong media type", 415, "The Content-Type is not one that this address reads."),
    ("precondition-required", "If-Match is missing", 428, "Send the ETag of what you read as If-Match, so that nobody's change is lost."),
)


def all_kinds() -> list[type[DomainError]]:
    """Return every kind of error, for the page that explains them."""
    return [DomainError, *DomainError.__subclasses__()]
