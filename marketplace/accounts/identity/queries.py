"""Who the directory means, and in which of its groups people are."""

from django.conf import settings

from marketplace.accounts.models import DirectoryGroup, DirectoryMembership, DirectoryPerson, User


def issuer() -> str:
    """The directory that signs people in, under whose name their accounts are kept; empty: there is none."""
    return str(settings.OIDC_ISSUER or settings.SAML_ISSUER)


def holder_of_external_id(external_id: str) -> DirectoryPerson | None:
    """Whom the directory knows or knew under this id."""
    return DirectoryPerson.objects.filter(external_id=external_id).first() if external_id else None


def groups_pushed(person: User) -> frozenset[str] | None:
    """The groups of somebody whom the directory brings by SCIM, by name and by id; None while it pushes no groups, or not this person.

    Where SCIM tells the groups, those in the token of a sign-in are not asked: two truths would give and take in turns.
    """
    told = list(DirectoryMembership.objects.filter(user=person).values_list("group__name", "group__external_id"))
    brought = bool(told) or DirectoryPerson.objects.filter(user=person).exclude(user_name="").exists()
    if not brought or not (told or DirectoryGroup.objects.exists()):
        return None
    return frozenset(key for keys in told for key in keys if key)
