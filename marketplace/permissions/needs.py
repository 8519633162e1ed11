"""What somebody may need of a thing, and which role in its team gives it."""

from django.db.models import TextChoices


class Need(TextChoices):
    """One thing that somebody wants to do with a model."""

    VIEW = "view", "see it"
    DOWNLOAD = "download", "use approved versions"
    WORK = "work", "read its bytes for work"
    EDIT = "edit", "change it"
    MANAGE = "manage", "manage it"


class TeamRole(TextChoices):
    """What a person is in a team."""

    VIEWER = "viewer", "Viewer"
    CONTRIBUTOR = "contributor", "Contributor"
    OWNER = "owner", "Owner"


class OrgRole(TextChoices):
    """What a person is in the whole organization."""

    REVIEWER = "reviewer", "Reviewer of a track"
    SECURITY = "security", "Security"
    GOVERNANCE = "governance", "Governance"
    AUDITOR = "auditor", "Auditor"
    ADMINISTRATOR = "administrator", "Administrator"


ROLES_FOR: dict[str, tuple[str, ...]] = {
    Need.VIEW: (TeamRole.VIEWER, TeamRole.CONTRIBUTOR, TeamRole.OWNER),
    Need.WORK: (TeamRole.CONTRIBUTOR, TeamRole.OWNER),
    Need.EDIT: (TeamRole.CONTRIBUTOR, TeamRole.OWNER),
    Need.MANAGE: (TeamRole.OWNER,),
    Need.DOWNLOAD: (),
}
# These read every model, whatever its visibility; they change none by it.
READS_ALL: dict[str, frozenset[str]] = {
    Need.VIEW: frozenset({OrgRole.AUDITOR, OrgRole.GOVERNANCE, OrgRole.SECURITY}),
    Need.WORK: frozenset({OrgRole.AUDITOR, OrgRole.SECURITY}),
}
