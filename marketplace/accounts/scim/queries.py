"""Finding people and groups for the directory: by id, by what it filters for, page by page."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeVar
from uuid import UUID

from django.db.models import F, Model, Q, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Lower

from marketplace.accounts.actions import ERASED
from marketplace.accounts.models import DirectoryGroup, DirectoryMembership, Kind, User
from marketplace.accounts.scim.errors import ScimError
from marketplace.accounts.scim.filters import UNDERSTOOD, Term
from marketplace.errors import NotFound

M = TypeVar("M", bound=Model)
NOBODY = UUID(int=0)
UNSAID = Q(entry=None) | Q(entry__user_name="")  # whom the directory gives no name
Condition = Callable[[str], Q]


def people() -> QuerySet[User]:
    """Everybody whom the directory may know: people, also closed ones; not those it removed, not those who were erased."""
    rows = User.objects.filter(kind=Kind.PERSON).exclude(username__startswith=ERASED)
    return rows.exclude(entry__removed_at__isnull=False, is_active=False).select_related("entry").order_by("pk")


def groups() -> QuerySet[DirectoryGroup]:
    """Every group that the directory pushed."""
    return DirectoryGroup.objects.order_by("pk")


def uuid_in(text: str) -> UUID:
    """The id in a text; one that nobody has when it is none of ours."""
    try:
        return UUID(text)
    except ValueError:
        return NOBODY


def person_of(text: str) -> User:
    """One person by id; NotFound for any other."""
    found = people().filter(person=uuid_in(text)).first()
    if found is None:
        raise NotFound
    return found


def group_of(text: str) -> DirectoryGroup:
    """One group by id; NotFound for any other."""
    found = groups().filter(uid=uuid_in(text)).first()
    if found is None:
        raise NotFound
    return found


def lock(model: type[Model], **which: object) -> None:
    """Let nobody else change these rows before this transaction ends."""
    list(model._default_manager.select_for_update().filter(**which).values_list("pk"))


def lock_groups_of(person: User) -> None:
    """Lock the groups of somebody before the person, as a change of a group does: in the other order two changes wait for each other."""
    lock(DirectoryGroup, pk__in=DirectoryMembership.objects.filter(user=person).values("group"))


def people_named(ids: Collection[str]) -> tuple[list[User], list[str]]:
    """People by their ids, in one query; and the ids that nobody has."""
    wanted = {text: uuid_in(text) for text in ids}
    found = {user.person: user for user in people().filter(person__in=[uid for uid in wanted.values()])}
    return list(found.values()), [text for text, uid in wanted.items() if uid not in found]


def is_named(name: str) -> Q:
    """People whose name in the directory this is; whoever has none there goes by the user name."""
    return Q(entry__user_name__iexact=name) | Q(UNSAID, username__iexact=name)


def named(name: str) -> QuerySet[User]:
    """Whoever has this name in the directory, in any case."""
    return people().filter(is_named(name))


PEOPLE_BY: Mapping[str, Condition] = {
    "id": lambda value: Q(person=uuid_in(value)),
    "username": is_named,
    "externalid": lambda value: Q(entry__external_id=value),
    "displayname": lambda value: Q(shown=Lower(Value(value))) | Q(UNSAID, name__iexact=value),
    "emails.value": lambda value: Q(email__iexact=value),
    "emails": lambda value: Q(email__iexact=value),
    "active": lambda value: Q(is_active=value.lower() == "true"),
}
GROUPS_BY: Mapping[str, Condition] = {
    "id": lambda value: Q(uid=uuid_in(value)),
    "displayname": lambda value: Q(name__iexact=value),
    "externalid": lambda value: Q(external_id=value),
    "members.value": lambda value: Q(people__person=uuid_in(value)),
    "members": lambda value: Q(people__person=uuid_in(value)),
}


def people_where(terms: Iterable[Term]) -> QuerySet[User]:
    """People for whom all terms hold."""
    rows = people().alias(shown=Lower(KeyTextTransform("displayName", "entry__said")))
    return _where(rows, terms, PEOPLE_BY)


def groups_where(terms: Iterable[Term]) -> QuerySet[DirectoryGroup]:
    """Groups for which all terms hold."""
    return _where(groups(), terms, GROUPS_BY)


def _where(rows: QuerySet[M], terms: Iterable[Term], known: Mapping[str, Condition]) -> QuerySet[M]:
    for term in terms:
        condition = known.get(term.attribute)
        if condition is None:
            raise ScimError("invalidFilter", f"{term.attribute} cannot be filtered for. {UNDERSTOOD} Known are {', '.join(sorted(known))}.")
        rows = rows.filter(condition(str(term.value))) if term.value != "" else rows.none()  # an empty text is nobody's name
    return rows


def members_of(found: Collection[DirectoryGroup]) -> dict[int, list[UUID]]:
    """The ids of the people in groups, by group, in one query."""
    listed: dict[int, list[UUID]] = {group.pk: [] for group in found}
    rows = DirectoryMembership.objects.filter(group__in=listed, user__in=people().values("pk")).order_by("pk")
    for group, person in rows.values_list("group", "user__person"):
        listed[group].append(person)
    return listed


def groups_of(found: Collection[User]) -> dict[int, list[tuple[UUID, str]]]:
    """The groups of people, by person, in one query."""
    listed: dict[int, list[tuple[UUID, str]]] = {user.pk: [] for user in found}
    rows = DirectoryMembership.objects.filter(user__in=listed).order_by("pk").annotate(uid=F("group__uid"), name=F("group__name"))
    for user, uid, name in rows.values_list("user", "uid", "name"):
        listed[user].append((uid, name))
    return listed


def keys_of(people_ids: Collection[int]) -> dict[int, set[str]]:
    """By what OIDC_ROLES may name the groups of people: their names and the directory's ids, by person, in one query."""
    listed: dict[int, set[str]] = {pk: set() for pk in people_ids}
    rows = DirectoryMembership.objects.filter(user__in=listed)
    for user, name, external_id in rows.values_list("user", "group__name", "group__external_id"):
        listed[user] |= {key for key in (name, external_id) if key}
    return listed


def unknown_with_email(email: str) -> User | None:
    """Somebody with this e-mail address whom the directory does not know yet."""
    return people().filter(UNSAID, email__iexact=email).first() if email else None
