"""The only way bytes leave, for every protocol: asked of PostgreSQL at every request, by its clock, with nothing cached."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Now

from catalog.artifacts.models import Blob, ModelFile
from catalog.registry.models import AccessGrant, Approval, ModelVersion
from catalog.registry.on_request import shows_files
from catalog.registry.permissions import work_team
from catalog.registry.queries import (
    approval_for_use,
    approvals_in_force,
    approvals_of,
    covers_grant,
    ended_grant_of,
    grants_to_use,
    model_named,
    usable_approvals,
    version_named,
)
from catalog.registry.states import Environment, VersionState
from catalog.usage.models import UsageKind
from catalog.usage.queries import has_pulled_for_production
from marketplace.accounts.models import ApiToken, Kind, Team, User
from marketplace.errors import NotAllowed, NotFound
from marketplace.permissions.needs import Need, OrgRole
from marketplace.permissions.queries import allowed, has_role, visible

INSPECTION = "quarantine-inspection"
STOPPED = {
    VersionState.SUSPENDED: ("suspended", "is suspended", "Use another version, or ask the owner team when it may be used again."),
    VersionState.RETIRED: ("retired", "is retired", "Use its successor, or another version."),
}


@dataclass(frozen=True)
class Pass:
    """The leave to read one file, and under what it was given."""

    file: ModelFile
    blob: Blob
    kind: str
    caller: User
    token: ApiToken | None = None
    approval: Approval | None = None
    grant: AccessGrant | None = None
    purpose: str = ""

    @property
    def version(self) -> ModelVersion:
        """The version that the file belongs to."""
        return self.file.version

    @property
    def now(self) -> datetime:
        """When it was judged, by the database's clock."""
        at: datetime = self.file.read_at  # type: ignore[attr-defined]  # annotated by `_file`
        return at

    @property
    def team(self) -> Team | None:
        """The team whose read this is: of the grant, of its use case, or the owner team at work."""
        if self.grant is not None:
            return self.grant.team or self.grant.use_case.team
        return work_team(self.caller, self.version.model)

    @property
    def environment(self) -> str:
        """Where this use runs: a service account names it, a personal token is for development, else the grant says it."""
        if self.grant is None:
            return ""
        if self.caller.kind == Kind.SERVICE:
            return str(self.grant.acts_in)  # type: ignore[attr-defined]  # annotated by `grants_to_use`
        return Environment.DEV if self.token is not None else self.grant.environment


def resolve(caller: User, token: ApiToken | None, version: int, path: str, *, purpose: str | None = None) -> Pass:
    """Return the pass for one file of a version by its id, or raise NotFound for what the caller may not see and NotAllowed with the reason."""
    found = _file(caller, Q(version=version), path)
    if found is None:
        raise _not_there(caller, token, ModelVersion.objects.select_related("model__team").filter(pk=version).first())
    return _resolve(caller, token, found, purpose)


def resolve_named(caller: User, token: ApiToken | None, address: tuple[str, str, str], path: str, *, purpose: str | None = None) -> Pass:
    """Return the pass for one file by the names of team, model and version (or `@alias`), read at once; the same as `resolve` in all else."""
    team, model, version = address
    if "\0" in "".join(address):
        raise NotFound
    named = Q(version__aliases__name__iexact=version[1:]) if version.startswith("@") else Q(version__version__iexact=version)
    found = _file(caller, named & Q(version__model__team__name__iexact=team, version__model__name__iexact=model), path)
    if found is None:
        raise _not_there(caller, token, version_named(model_named(caller, team, model), version))
    return _resolve(caller, token, found, purpose)


def _resolve(caller: User, token: ApiToken | None, file: ModelFile, purpose: str | None) -> Pass:
    _require_scope(token)
    if file.version.model.files_on_request and not shows_files(caller, file.version):
        raise _refusal(caller, file.version)
    return judge(caller, token, file, purpose=purpose)


def _require_scope(token: ApiToken | None) -> None:
    if token is not None and "download" not in token.scopes:
        raise NotAllowed("This token may not download.", hint="Issue a token with the scope download.", code="scope-missing")


def _not_there(caller: User, token: ApiToken | None, version: ModelVersion | None) -> NotAllowed | NotFound:
    """Refuse a path that is not there as one that is, where files are shown on request: nobody learns names by trying."""
    _require_scope(token)
    if version and version.model.files_on_request and allowed(caller, Need.VIEW, version.model) and not shows_files(caller, version):
        return _refusal(caller, version)
    return NotFound()


def judge(caller: User, token: ApiToken | None, file: ModelFile, *, purpose: str | None = None) -> Pass:
    """Return the pass for a file that was read in this very request, with blob, version and model; or raise NotAllowed with the reason."""
    _refuse_removed(file)
    if purpose:
        return _inspection(caller, token, file, purpose)
    if file.version.state == VersionState.QUARANTINED:
        raise NotAllowed(
            f"{file.version} is quarantined: a check found something that must not leave.",
            hint="See its checks. Security may inspect it by asking for it with that purpose.",
            code="quarantined",
        )
    if (pair := _approved(caller, token, file.version)) is not None:
        return Pass(file, file.blob, UsageKind.USE, caller, token, *pair)
    if allowed(caller, Need.WORK, file.version.model):
        return Pass(file, file.blob, UsageKind.WORK, caller, token)
    raise _refusal(caller, file.version)


def _file(caller: User, named: Q, path: str) -> ModelFile | None:
    """Read the file, its version and its state afresh, within what the caller may see."""
    rows = ModelFile.objects.select_related("blob", "version__model__team").annotate(read_at=Now()).filter(named)
    return None if "\0" in path else visible(rows, to=caller, via="version__model").filter(path=path).first()


def _refuse_removed(file: ModelFile) -> None:
    if file.version.state == VersionState.PURGED or file.blob.purged_at is not None:
        raise NotAllowed(f"The bytes of {file.version} were removed.", hint="Use another version.", code="purged")


def _inspection(caller: User, token: ApiToken | None, file: ModelFile, purpose: str) -> Pass:
    """Let security look into quarantine, by saying so; anything else has no purpose to name."""
    if purpose != INSPECTION:
        raise NotAllowed("There is no such purpose.", hint=f"Leave it out; security may name {INSPECTION}.", code="unknown-purpose")
    if file.version.state != VersionState.QUARANTINED:
        raise NotAllowed(f"{file.version} is not quarantined.", hint="Ask for the file without a purpose.", code="not-quarantined")
    if not has_role(caller, OrgRole.SECURITY):
        raise NotAllowed("Only security may inspect quarantined files.", hint="Ask the security team.", code="quarantined")
    return Pass(file, file.blob, UsageKind.WORK, caller, token, purpose=purpose)


def _approved(caller: User, token: ApiToken | None, version: ModelVersion) -> tuple[Approval, AccessGrant] | None:
    """Return the approval and the grant that let the caller use the version now."""
    pair = approval_for_use(caller, version)
    if pair is not None and pair[0].manifest_digest == version.manifest_digest:
        return pair
    # A personal token is for development: the days after the end are for what runs in production.
    return _before_the_stop(caller, version) if token is None or caller.kind == Kind.SERVICE else None


def _before_the_stop(caller: User, version: ModelVersion) -> tuple[Approval, AccessGrant] | None:
    """After the end of an approval, until its stop: production that pulled this very version before the end may pull it again."""
    rows = usable_approvals(caller, after_end=True).filter(version=version, manifest_digest=F("version__manifest_digest"))
    for approval in rows.select_related("use_case").order_by("-stop_at"):
        for grant in _production_grants(caller, version, approval):
            acts_in = getattr(grant, "acts_in", Environment.PRODUCTION)
            if acts_in == Environment.PRODUCTION and has_pulled_for_production(
                version, before=approval.valid_until, person=caller.person, team=grant.team_id
            ):
                return approval, grant
    return None


def _production_grants(caller: User, version: ModelVersion, approval: Approval) -> list[AccessGrant]:
    grants = grants_to_use(caller).filter(thing=version.model_id, environment=Environment.PRODUCTION)
    return [grant for grant in grants.select_related("team", "use_case__team") if covers_grant(approval, grant)]


def _wrong_use(version: ModelVersion) -> NotAllowed:
    """Say that a program uses models for one use case in one environment, and that this one is not approved for it."""
    return NotAllowed(
        f"{version} is approved, but not for the use case and environment of this service account.",
        hint=f"Ask team {version.model.team.name} for access for its use case, or see what it names on its team's page Tokens.",
        code="no-grant",
    )


def _refusal(caller: User, version: ModelVersion) -> NotAllowed:
    """Say why not, and what to do."""
    team = version.model.team.name
    if version.state in STOPPED:
        code, what, hint = STOPPED[VersionState(version.state)]
        return NotAllowed(f"{version} {what}; it may not be used.", hint=hint, code=code)
    if approvals_in_force().filter(version=version).exists():
        return _wrong_use(version) if caller.kind == Kind.SERVICE else _no_grant(caller, version)
    if approvals_of(version).exists():
        return NotAllowed(
            f"The approval of {version} has ended.", hint=f"Use another version, or ask team {team} to have it reviewed again.", code="approval-ended"
        )
    return NotAllowed(
        f"{version} is not approved for use yet.", hint=f"Use an approved version, or ask team {team} when this one will be.", code="not-approved"
    )


def _no_grant(caller: User, version: ModelVersion) -> NotAllowed:
    """Say that there is no access, or that it has ended and when, and where to ask for it."""
    ask = f"{settings.PUBLIC_URL}/m/{version.model}/access/new"
    hint = f"Ask team {version.model.team.name} for access for your use case: {ask}"
    ended = ended_grant_of(caller, version.model)
    if ended is None:
        return NotAllowed(f"{version} is approved, but you have no access to it.", hint=hint, code="no-grant", request_access=ask)
    when = min(ended.until, ended.ended_at or ended.until)
    return NotAllowed(f"Your access to {version.model} ended on {when:%-d %b %Y, %H:%M} UTC.", hint=hint, code="grant-ended", request_access=ask)
