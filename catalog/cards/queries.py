"""Finding card revisions."""

from catalog.cards.models import CardRevision
from catalog.registry.models import RegisteredModel
from marketplace.errors import NotFound


def current_card(model: RegisteredModel) -> CardRevision | None:
    """The newest revision of a model's card; None when nobody has written one."""
    return CardRevision.objects.filter(model=model).order_by("-number").first()


def card_revision(model: RegisteredModel, number: int) -> CardRevision:
    """One revision of a model's card; NotFound when there is none of this number."""
    found = CardRevision.objects.filter(model=model, number=number).first()
    if found is None:
        raise NotFound
    return found
