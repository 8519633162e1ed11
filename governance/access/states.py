"""The life of what is asked of one model, and what people may say to it."""

from django.db.models import TextChoices


class PartState(TextChoices):
    """Where one model of a request stands."""

    WAITING_OWNER = "waiting_owner", "Waiting for the owner"
    WAITING_PRIVACY = "waiting_privacy", "Waiting for data privacy"
    ASKED = "asked", "A question to the requester"
    GRANTED = "granted", "Granted"
    DENIED = "denied", "Denied"
    WITHDRAWN = "withdrawn", "Withdrawn"


S = PartState
PART_MOVES: dict[str, frozenset[str]] = {
    S.WAITING_OWNER: frozenset({S.WAITING_PRIVACY, S.GRANTED, S.DENIED, S.ASKED, S.WITHDRAWN}),
    S.WAITING_PRIVACY: frozenset({S.GRANTED, S.DENIED, S.ASKED, S.WITHDRAWN}),
    S.ASKED: frozenset({S.WAITING_OWNER, S.WAITING_PRIVACY, S.DENIED, S.WITHDRAWN}),
}
STILL_OPEN = frozenset({S.WAITING_OWNER, S.WAITING_PRIVACY, S.ASKED})


class Step(TextChoices):
    """Who is to say yes."""

    OWNER = "owner", "Owner of the model"
    PRIVACY = "privacy", "Data privacy"


WAITING: dict[str, PartState] = {Step.OWNER: S.WAITING_OWNER, Step.PRIVACY: S.WAITING_PRIVACY}


class Choice(TextChoices):
    """What somebody says."""

    GRANT = "grant", "Grant"
    ASK = "ask", "Ask a question"
    DENY = "deny", "Deny"


class AnswerKind(TextChoices):
    """How a question of an owner is answered."""

    TEXT = "text", "Text"
    CHOICE = "choice", "One of several"
    CHECKBOX = "checkbox", "A tick"
    DATE = "date", "Date"
    COUNTRY = "country", "Country"


# Data that data privacy decides about as well.
PRIVATE_DATA = frozenset({"personal", "special"})
PRIVACY_TRACK = "data_privacy"
REVIEW_DAYS = 180
ANSWER_DAYS = 14
