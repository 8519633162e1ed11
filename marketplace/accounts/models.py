"""People, service accounts, teams, memberships, organization roles and tokens."""

from datetime import timedelta
from typing import Any, ClassVar
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models
from django.db.models.functions import Lower, Now

from marketplace.identifiers import NameValidator
from marketplace.permissions.needs import OrgRole, TeamRole


class UserManager(BaseUserManager["User"]):
    """Finds people by name, whatever the case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the person with this name."""
        return self.get(username__iexact=username)


class Kind(models.TextChoices):
    """Who acts."""

    PERSON = "person", "Person"
    SERVICE = "service", "Service account"


class Theme(models.TextChoices):
    """How the pages look."""

    SYSTEM = "system", "As my system"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class User(AbstractBaseUser, PermissionsMixin):
    """A person or a service account. Being superuser gives no right and no vote here."""

    person = models.UUIDField(default=uuid4, unique=True, editable=False, help_text="Pseudonymous id in the record")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PERSON)
    username = models.CharField(max_length=96, validators=[NameValidator()])
    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    theme = models.CharField(max_length=6, choices=Theme, default=Theme.SYSTEM)
    mails_digest = models.BooleanField(default=True, help_text="Mail the daily digest of notices")
    welcomed_at = models.DateTimeField(null=True, help_text="When the questions of the first sign-in were answered or skipped")
    created_at = models.DateTimeField(db_default=Now())

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]
    objects = UserManager()

    class Meta:
        ordering = ["username"]
        constraints = [
            models.UniqueConstraint(Lower("username"), name="one_person_per_name"),
            models.CheckConstraint(condition=models.Q(kind__in=sorted(Kind.values)), name="user_kind_is_known"),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def is_person(self) -> bool:
        """A human being, who may decide; service accounts never do."""
        return self.kind == Kind.PERSON


class Source(models.TextChoices):
    """Where a place in a team or an organization role comes from; what the directory gave, the directory takes away."""

    HAND = "hand", "By hand"
    DIRECTORY = "directory", "From the directory"


class Team(models.Model):
    """Who owns models and uses them."""

    name = models.CharField(max_length=96, validators=[NameValidator()])
    purpose = models.CharField(max_length=280, blank=True)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children", help_text="The unit it belongs to; a unit has none itself"
    )
    group = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="team")
    quota_bytes = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="one_team_per_name"),
            models.CheckConstraint(condition=models.Q(quota_bytes__gte=0), name="team_quota_is_not_negative"),
            models.CheckConstraint(condition=~models.Q(parent=models.F("id")), name="team_is_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person in a team, with a role."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=TeamRole)
    source = models.CharField(max_length=9, choices=Source, default=Source.HAND, db_default=Source.HAND)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["team", "user"]
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_person_and_team"),
            models.CheckConstraint(condition=models.Q(role__in=sorted(TeamRole.values)), name="team_role_is_known"),
            models.CheckConstraint(condition=models.Q(source__in=sorted(Source.values)), name="membership_source_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} as {self.role}"


class OrganizationRole(models.Model):
    """What a person is in the whole organization; reviewers per track."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="organization_roles")
    role = models.CharField(max_length=16, choices=OrgRole)
    track = models.CharField(max_length=40, blank=True)
    is_lead = models.BooleanField(default=False)
    source = models.CharField(max_length=9, choices=Source, default=Source.HAND, db_default=Source.HAND)

    class Meta:
        ordering = ["user", "role", "track"]
        constraints = [
            models.UniqueConstraint(fields=["user", "role", "track"], name="one_row_per_person_role_and_track"),
            models.CheckConstraint(condition=models.Q(role__in=sorted(OrgRole.values)), name="organization_role_is_known"),
            models.CheckConstraint(condition=models.Q(source__in=sorted(Source.values)), name="organization_role_source_is_known"),
            models.CheckConstraint(
                condition=models.Q(role=OrgRole.REVIEWER) & ~models.Q(track="") | ~models.Q(role=OrgRole.REVIEWER) & models.Q(track=""),
                name="reviewers_and_only_they_have_a_track",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role} {self.track}".strip()


class DirectoryPerson(models.Model):
    """What the company's directory says of a person, and by which ids it knows them. Erased with the person."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="entry")
    user_name = models.CharField(max_length=254, blank=True, help_text="As the directory calls them by SCIM; empty: it does not, or no more")
    external_id = models.CharField(max_length=254, blank=True, help_text="The directory's own id, which a sign-in may carry too")
    said = models.JSONField(default=dict, help_text="Names and e-mail addresses, as the directory wrote them")
    is_made_here = models.BooleanField(help_text="The directory made the account, so a sign-in with its external id is this person")
    is_closed_here = models.BooleanField(default=False, help_text="The directory closed the account, so it may open it again")
    removed_at = models.DateTimeField(null=True, help_text="The directory no longer knows them; the account stays in the record")
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["user"]
        constraints = [
            models.UniqueConstraint(Lower("user_name"), condition=~models.Q(user_name=""), name="one_person_per_directory_name"),
            models.UniqueConstraint(fields=["external_id"], condition=~models.Q(external_id=""), name="one_person_per_external_id"),
            models.CheckConstraint(condition=models.Q(removed_at=None) | models.Q(user_name=""), name="whoever_was_removed_has_no_directory_name"),
        ]

    def __str__(self) -> str:
        return f"{self.user_name or self.external_id or 'removed'} in the directory"


class DirectoryGroup(models.Model):
    """A group of the company's directory, pushed by SCIM; OIDC_ROLES says which places it gives."""

    uid = models.UUIDField(default=uuid4, unique=True, editable=False, help_text="Its id in SCIM")
    name = models.CharField(max_length=254)
    external_id = models.CharField(max_length=254, blank=True)
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, through="DirectoryMembership", related_name="directory_groups")
    revision = models.PositiveIntegerField(default=1, help_text="Counts its changes")
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="one_group_per_directory_name"),
            models.UniqueConstraint(fields=["external_id"], condition=~models.Q(external_id=""), name="one_group_per_external_id"),
            models.CheckConstraint(condition=~models.Q(name=""), name="directory_group_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class DirectoryMembership(models.Model):
    """A person in a group of the directory."""

    group = models.ForeignKey(DirectoryGroup, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="directory_memberships")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["group", "user"], name="one_membership_per_person_and_group")]

    def __str__(self) -> str:
        return f"{self.user} in {self.group}"


class TrustedPublisher(models.Model):
    """A CI job that gets a token of a service account for an hour without keeping a secret: it shows who it is by its OIDC token."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="publishers", help_text="The service account")
    issuer = models.CharField(max_length=200, help_text="Who signs for the job, as an https address")
    audience = models.CharField(max_length=200, help_text="For whom the job asked its token")
    repository = models.CharField(max_length=200, help_text="organization/repository")
    ref = models.CharField(max_length=200, help_text="refs/heads/main; * stands for anything but a slash")
    workflow = models.CharField(max_length=200, help_text="File of the workflow in the repository")
    scopes = ArrayField(models.CharField(max_length=16))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    added_through = models.ForeignKey(
        "ApiToken", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="The token that asked for it; ended with that one"
    )
    created_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(issuer__startswith="https://"), name="publisher_issuer_is_https"),
            models.CheckConstraint(
                condition=~models.Q(audience="") & ~models.Q(repository="") & ~models.Q(ref="") & ~models.Q(workflow=""),
                name="publisher_leaves_nothing_open",
            ),
            models.UniqueConstraint(
                fields=["user", "issuer", "audience", "repository", "ref", "workflow"],
                condition=models.Q(removed_at=None),
                name="one_publisher_per_rule",
            ),
        ]
        indexes = [models.Index(fields=["issuer"], condition=models.Q(removed_at=None), name="publishers_by_issuer")]

    def __str__(self) -> str:
        return f"{self.workflow} of {self.repository} at {self.ref}"


class ApiToken(models.Model):
    """A secret that lets a program act for its owner, within scopes and limits and until an end. Only the digest is stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16)
    digest = models.BinaryField(max_length=32, unique=True)
    scopes = ArrayField(models.CharField(max_length=16))
    only_teams = ArrayField(models.BigIntegerField(), default=list, blank=True, help_text="Models of these teams, and what only_models names")
    only_models = ArrayField(models.BigIntegerField(), default=list, blank=True, help_text="Both empty: whatever the owner may")
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    replaces = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replaced_by", help_text="The one it was rotated from"
    )
    issued_through = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="The token that asked for it; ended with that one"
    )
    publisher = models.ForeignKey(TrustedPublisher, null=True, blank=True, on_delete=models.PROTECT, related_name="tokens")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_from = models.CharField(max_length=45, blank=True, db_default="", help_text="Address; the record keeps a keyed hash only")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(expires_at__gt=models.F("created_at")), name="token_ends_after_it_begins"),
            models.CheckConstraint(condition=models.Q(expires_at__lte=models.F("created_at") + timedelta(days=366)), name="token_ends_within_a_year"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Session(AbstractBaseSession):
    """A browser that is signed in. The row is named by a digest of the cookie, so a copy of the table opens no session."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="sessions")
    agent = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    objects: ClassVar[BaseSessionManager[Any]] = BaseSessionManager()

    class Meta:
        ordering = ["-started_at"]
        constraints = [models.CheckConstraint(condition=models.Q(user=None) | models.Q(started_at__isnull=False), name="a_persons_session_began")]

    def __str__(self) -> str:
        return f"{self.user}: {self.agent or 'unknown browser'}"


class SpentAssertion(models.Model):
    """The proof of a CI job that was exchanged for a token, or a directory's by which somebody signed in: taken once, swept when it has expired."""

    digest = models.BinaryField(max_length=32, help_text="sha256 over issuer and id, or over what was signed")
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["digest"], name="assertion_is_accepted_once")]
        indexes = [models.Index(fields=["expires_at"], name="assertions_to_sweep")]

    def __str__(self) -> str:
        return f"Spent until {self.expires_at:%Y-%m-%d %H:%M}"
