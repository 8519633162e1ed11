"""What we know of users and groups: one description, from which the published schemas and the reading of bodies follow."""

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Attribute:
    """One attribute: its kind, and what may be done with it."""

    name: str
    about: str
    type: str = "string"
    many: bool = False
    required: bool = False
    writable: bool = True
    unique: bool = False
    exact: bool = False
    parts: tuple["Attribute", ...] = ()
    values: tuple[str, ...] = ()
    refers: tuple[str, ...] = ()
    longest: int = 254
    most: int = 20

    @cached_property
    def part(self) -> dict[str, "Attribute"]:
        """The sub-attributes by name in lower case."""
        return {part.name.lower(): part for part in self.parts}


@dataclass(frozen=True)
class Kind:
    """A kind of resource."""

    name: str
    about: str
    attributes: tuple[Attribute, ...]

    @property
    def schema(self) -> str:
        """The URN of its schema."""
        return f"urn:ietf:params:scim:schemas:core:2.0:{self.name}"

    @property
    def place(self) -> str:
        """Where its resources are, below /scim/v2."""
        return f"/{self.name}s"

    @cached_property
    def known(self) -> dict[str, Attribute]:
        """The attributes by name in lower case, with the id that every resource has of the directory."""
        return {attribute.name.lower(): attribute for attribute in (*self.attributes, EXTERNAL_ID)}


EXTERNAL_ID = Attribute("externalId", "The directory's own id", exact=True)
READ_ONLY = frozenset({"id", "meta", "schemas"})
USER = Kind(
    "User",
    "A person who uses the marketplace",
    (
        Attribute("userName", "Unique name in the directory", required=True, unique=True),
        Attribute(
            "name",
            "The parts of the name",
            type="complex",
            parts=(
                Attribute("formatted", "The whole name", longest=120),
                Attribute("familyName", "Family name", longest=120),
                Attribute("givenName", "Given name", longest=120),
            ),
        ),
        Attribute("displayName", "The name that others see", longest=120),
        Attribute("active", "Whether the account is open; a closed one keeps its place in the record", type="boolean", required=True),
        Attribute(
            "emails",
            "E-mail addresses; notices go to the primary one, or to the one for work",
            type="complex",
            many=True,
            parts=(
                Attribute("value", "The address"),
                Attribute("type", "What it is for", values=("work", "home", "other"), longest=40),
                Attribute("primary", "Whether it is the one to write to", type="boolean"),
            ),
        ),
        Attribute(
            "groups",
            "The groups that hold this person",
            type="complex",
            many=True,
            writable=False,
            parts=(
                Attribute("value", "Id of the group", writable=False),
                Attribute("$ref", "Address of the group", type="reference", writable=False, refers=("Group",)),
                Attribute("display", "Name of the group", writable=False),
            ),
        ),
    ),
)
GROUP = Kind(
    "Group",
    "A group of the directory; the setting OIDC_ROLES says which places in teams and which roles it gives",
    (
        Attribute("displayName", "Unique name of the group", required=True, unique=True),
        Attribute(
            "members",
            "The people in it",
            type="complex",
            many=True,
            most=20_000,
            parts=(
                Attribute("value", "Id of the person"),
                Attribute("$ref", "Address of the person", type="reference", refers=("User",)),
                Attribute("type", "Only people are members, not groups", values=("User",)),
            ),
        ),
    ),
)
KINDS = (USER, GROUP)
