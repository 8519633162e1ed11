"""Person x address -> status: the truth about access. A new address fails the build until it stands here.

`MATRIX` maps the name of an address to its rows. A row says how it is called in the world of `tests/world.py` and what each
person of the cast gets. The people stand for kinds of callers:

bea    viewer of another team            tess  reviewer (technical)
ivo    owner of another team             ada   security and its reviewer
nina   contributor of the owner team     gus   governance
paul   owner of the owner team           aud   auditor
stan   in no team                        root  administrator
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

PEOPLE = ("bea", "ivo", "stan", "nina", "paul", "tess", "ada", "gus", "aud", "root")
OWNERS, READERS = ("nina", "paul"), ("ada", "gus", "aud")


@dataclass(frozen=True)
class Row:
    """One call: method, address (filled from the world), body, and who gets what."""

    method: str
    address: Callable[[Any], str]
    everybody: int
    people: dict[str, int] = field(default_factory=dict)
    anonymous: int | None = None  # None: a page leads to the sign-in page, REST answers 401
    body: Callable[[Any], dict[str, Any]] | None = None

    def expected(self, person: str) -> int:
        """What this person gets."""
        return self.people.get(person, self.everybody)


def of(status: int, *people: str) -> dict[str, int]:
    """The same status for several people."""
    return dict.fromkeys(people, status)


def get(address: str, everybody: int = 200, **more: Any) -> Row:
    """A read; `{open}` and `{hidden}` stand for the models of the world."""
    return Row("GET", lambda w: fill(address, w), everybody, **more)


def send(method: str, address: str, everybody: int, body: dict[str, Any] | None = None, **more: Any) -> Row:
    """A write that changes nothing when it is refused, and is rolled back when it is not."""
    return Row(
        method,
        lambda w: fill(address, w),
        everybody,
        body=lambda w: {fill(k, w): fill(v, w) if isinstance(v, str) else v for k, v in (body or {}).items()},
        **more,
    )


def fill(address: str, world: Any) -> str:
    """Put the things of the world into an address."""
    return address.format(
        open=world.open, hidden=world.hidden, review=world.review.number, secret_review=world.secret_review.number,
        run=world.run.pk, secret_run=world.secret_run.pk, digest=world.run.manifest_digest, request=world.request.number,
        part=world.request.parts.get().pk if "{part}" in address else "", use=world.approved.use_case_id, soon=f"{timezone.now().date() + timedelta(days=9)}",
        use_case=world.account.use_case_id,
    )  # fmt: skip


def seen_and_hidden(address: str, status: int = 200, hidden: int = 200, **people: int) -> list[Row]:
    """A read below a model: the hidden one exists for its team, for those who read all, and for tess, who reviews it."""
    known = {name: people.get(name, hidden) for name in ("tess", *READERS)}
    return [get(address.replace("{m}", "{open}"), status, people=people), get(address.replace("{m}", "{hidden}"), 404, people=known)]


def changed(address: str, done: int, body: dict[str, Any], everybody: int = 403, hidden: int = 403, **people: int) -> list[Row]:
    """A form below a model: its contributors may; others are refused; what they may not see is not there."""
    who = of(done, *OWNERS) | people
    rows = [send("POST", address.replace("{m}", "{open}"), everybody, body, people=who)]
    return [*rows, send("POST", address.replace("{m}", "{hidden}"), 404, body, people=of(hidden, "tess", *READERS))]


def rest_change(method: str, address: str, done: int, body: dict[str, Any], everybody: int = 403, hidden: int = 403, **people: int) -> list[Row]:
    """A write by REST below a model, like `changed`."""
    rows = []
    for thing, others, known in (("{open}", everybody, of(done, *OWNERS) | people), ("{hidden}", 404, of(hidden, "tess", *READERS))):
        place, sent = address.replace("{m}", thing), {k: v.replace("{m}", thing) if isinstance(v, str) else v for k, v in body.items()}
        rows.append(send(method, place, others, sent, people=known))
    return rows


ACCOUNT, API_ACCOUNT = "/teams/finance-ml/tokens/ci-invoices", "/api/v1/teams/finance-ml/service-accounts/ci-invoices"
KEPT = of(200, *OWNERS, "root")  # by members of the team, and by administrators
NEW_ACCOUNT = {"username": "ci-new", "use_case": "{use_case}", "environment": "test"}
JOB = {
    "issuer": "https://ci.example.com", "audience": "marketplace", "repository": "finance/invoices", "ref": "refs/heads/main",
    "workflow": ".github/workflows/release.yml", "scopes": "publish",
}  # fmt: skip
PUBLIC = {"anonymous": 200}
ADMIN: dict[str, dict[str, int]] = {"people": {"root": 200}}
NEW_PERSON = {"username": "new-here", "kind": "person"}
NO_ID = "01890000-0000-7000-8000-000000000000"
NEW_MODEL = {"team": "finance-ml", "name": "brand-new"}
DECIDED = {
    "track_name": "technical", "technical-track": "technical", "technical-choice": "approve", "technical-manifest_digest": "{digest}",
    "technical-reason": "Sound work, I have looked at all of it.", "technical-card_revision": "1", "technical-run": "{run}",
}  # fmt: skip
WHY = {"reason": "Something is wrong with it, look at the scores."}
WAIVER_SENT = {"matter": "pickle", "reason": "Nobody else makes it, and we looked.", "until": "2099-06-30T12:00:00Z"}
WAIVER = {"waiver-matter": "pickle", "waiver-reason": "Nobody else makes it, and we looked.", "waiver-until": "2099-06-30"}
SUNSET = {"reason": "A better one exists now, use that.", "sunset_at": "2099-06-30"}
STEPS: dict[str, tuple[dict[str, str], dict[str, int]]] = {
    "suspend": (WHY, {"ada": 200}), "quarantine": (WHY, {"ada": 200}), "reinstate": (WHY, {"ada": 409}),
    "release": (WHY, {"ada": 409}), "condemn": (WHY, {"ada": 409}),
    "deprecate": (SUNSET, {"paul": 200}), "retire": ({}, {"paul": 409, "gus": 409}), "withdraw": ({}, of(409, *OWNERS)),
}  # fmt: skip


def scim_place(address: str) -> list[Row]:
    """An address of SCIM with every method: for whoever comes without a token it is closed."""
    writes = ("PUT", "PATCH", "DELETE") if address.endswith(NO_ID) else ("POST",)
    return [get(address, 401, anonymous=401), *(send(method, address, 401, anonymous=401) for method in writes)]


ASKED_SIDE, OFFICE = ("ivo",), ("paul", "gus", "aud")  # who sees the request of the world: whoever asked, the owner, overseers
PART_DECIDED = {
    "p{part}-step": "owner", "p{part}-choice": "grant", "p{part}-until": "{soon}", "p{part}-environment": "test", "p{part}-data_class": "internal",
}  # fmt: skip
RULE = {"is_automatic": False, "environment": "dev", "data_class": "internal"}


def step(name: str, address: str, done: int) -> list[Row]:
    """A step in the life of an approved version: security stops, owners deprecate, all others are refused."""
    body, who = STEPS[name]
    return [send("POST", address.format(step=name, open="{open}"), 403, body, people={k: done if v == 200 else v for k, v in who.items()})]


MATRIX: dict[str, list[Row]] = {
    # the ground
    "healthz": [get("/healthz", **PUBLIC)],
    "readyz": [get("/readyz", **PUBLIC)],
    "metrics": [get("/metrics", **PUBLIC)],
    "problem-types": [get("/docs/errors", **PUBLIC)],
    "style-guide": [get("/docs/ui", **PUBLIC)],
    "stylesheet": [get("/ui/x.css", **PUBLIC)],
    "account_login": [get("/login", 302, anonymous=200)],
    "account_logout": [send("POST", "/logout", 303, anonymous=303)],
    "sso-start": [send("POST", "/login/sso", 404, anonymous=404)],
    "welcome": [get("/welcome"), send("POST", "/welcome", 303, {"skip": "1"})],
    "saml-answered": [send("POST", "/login/saml/acs", 404, anonymous=404)],
    "saml-metadata": [get("/login/saml/metadata", 404, anonymous=404)],
    "sso-callback": [get("/login/sso/callback", 404, anonymous=404)],
    "mfa_authenticate": [get("/login/confirm", 302)],
    "mfa_index": [get("/me/settings/sign-in")],
    "account_reauthenticate": [get("/me/settings/sign-in/again")],
    "mfa_reauthenticate": [get("/me/settings/sign-in/again/code", 302)],
    "mfa_reauthenticate_webauthn": [get("/me/settings/sign-in/again/passkey", 302)],
    "mfa_activate_totp": [get("/me/settings/sign-in/app", 302)],
    "second-factor-picture": [get("/me/settings/sign-in/app/picture.svg", 404)],
    "mfa_deactivate_totp": [get("/me/settings/sign-in/app/remove", 404)],
    "mfa_add_webauthn": [get("/me/settings/sign-in/passkeys/add", 302)],
    "mfa_remove_webauthn": [get("/me/settings/sign-in/passkeys/1/remove", 302)],
    "mfa_view_recovery_codes": [get("/me/settings/sign-in/recovery-codes", 404)],
    "mfa_generate_recovery_codes": [get("/me/settings/sign-in/recovery-codes/new", 302)],
    "end-my-session": [send("POST", "/me/settings/sign-in/sessions/none-of-mine/end", 404)],
    "my-tokens": [get("/me/tokens")],
    "revoke-my-token": [send("POST", "/me/tokens/0/revoke", 404)],
    "rotate-my-token": [send("POST", "/me/tokens/0/rotate", 404)],
    "token-reach": [get("/tokens/0/reach", 404)],
    "team-tokens": [
        get("/teams/finance-ml/tokens", 403, people=KEPT),
        send("POST", "/teams/finance-ml/tokens", 403, NEW_ACCOUNT | {"accountable": "paul"}, people={"nina": 403, "paul": 303, "root": 303}),
    ],
    "service-account": [
        get(ACCOUNT, 403, people=KEPT),
        send("POST", ACCOUNT, 403, {"form": "token", "name": "x", "scopes": "read", "days": "9"}, people=of(303, "paul", "root")),
        send("POST", ACCOUNT, 403, {"form": "publisher"} | JOB, people=of(303, "paul", "root")),
        send("POST", ACCOUNT, 403, {"form": "accountable", "accountable": "petra"}, people=of(303, "paul", "root")),
    ],
    "service-account-end": [send("POST", f"{ACCOUNT}/end", 403, people=of(303, "paul", "root"))],
    "service-token-revoke": [send("POST", f"{ACCOUNT}/0/revoke", 403, people=of(404, "nina", "paul", "root"))],
    "service-token-rotate": [send("POST", f"{ACCOUNT}/0/rotate", 403, people=of(404, "nina", "paul", "root"))],
    "publisher-remove": [send("POST", f"{ACCOUNT}/publishers/0/remove", 403, people=of(404, "nina", "paul", "root"))],
    "my-settings": [get("/me/settings")],
    "teams": [get("/teams")],
    "team": [get("/teams/finance-ml"), get("/teams/no-such-team", 404)],
    "team-members": [send("POST", "/teams/finance-ml/members", 403, {"username": "stan", "role": "viewer"}, people={"paul": 303, "root": 303})],
    "team-tab": [
        get("/teams/finance-ml/models"),
        *(get(f"/teams/finance-ml/{tab}", 403, people=of(200, *OWNERS, "gus", "aud", "root")) for tab in ("uses", "access")),
        get("/teams/finance-ml/no-such-tab", 404),
    ],
    "team-member": [get("/teams/finance-ml/members/nina", 403, people=of(200, "paul", "root"))],
    "team-member-hand-over": [
        send("POST", "/teams/finance-ml/members/nina/hand-over", 403, {"to": "petra"}, people=of(303, "paul", "root")),
    ],
    "people": [get("/admin/people", 403, **ADMIN), send("POST", "/admin/people", 403, NEW_PERSON, people={"root": 303})],
    "person": [get("/admin/people/nina", 403, **ADMIN), get("/admin/people/nobody", 403, people={"root": 404})],
    "person-active": [send("POST", "/admin/people/nina/active", 403, {"is_active": "false"}, people={"root": 303})],
    "person-roles": [send("POST", "/admin/people/nina/roles", 403, {"role": "auditor"}, people={"root": 303})],
    "person-hand-over": [send("POST", "/admin/people/nina/hand-over", 403, {"to": "petra"}, people={"root": 303})],
    "admin-teams": [get("/admin/teams", 403, **ADMIN), send("POST", "/admin/teams", 403, {"name": "another"}, people={"root": 303})],
    "admin-team": [
        get("/admin/teams/sales", 403, **ADMIN),
        send("POST", "/admin/teams/sales", 403, {"parent": "legal-tech", "quota": "5"}, people={"root": 303}),
    ],
    "admin-roles": [get("/admin/roles", 403, **ADMIN)],
    "api-people": [get("/api/v1/people", 403, **ADMIN), send("POST", "/api/v1/people", 403, {"username": "new"}, people={"root": 201})],
    "api-person": [
        get("/api/v1/people/nina", 403, **ADMIN),
        send("PATCH", "/api/v1/people/nina", 403, {"is_active": False}, people={"root": 200}),
    ],
    "api-person-hand-over": [send("POST", "/api/v1/people/nina/hand-over", 403, {"to": "petra"}, people={"root": 200})],
    "api-person-roles": [send("POST", "/api/v1/people/nina/roles", 403, {"role": "auditor"}, people={"root": 201})],
    "api-person-role": [send("DELETE", "/api/v1/people/aud/roles/auditor", 403, people={"root": 204})],
    "notifications": [get("/me/notifications")],
    "notifications-all-done": [send("POST", "/me/notifications/done", 303, {"level": "needs_you"})],
    "notification-done": [send("POST", "/me/notifications/0/done", 404)],
    "api-docs": [get("/docs/api", **PUBLIC)],
    "schema": [get("/api/v1/schema", **PUBLIC)],
    "api-me": [get("/api/v1/me")],
    "api-teams": [get("/api/v1/teams"), send("POST", "/api/v1/teams", 403, {"name": "another"}, people={"root": 201})],
    "api-team": [get("/api/v1/teams/finance-ml"), get("/api/v1/teams/no-such-team", 404)],
    "api-team-members": [
        send("POST", "/api/v1/teams/finance-ml/members", 403, {"username": "stan", "role": "viewer"}, people={"paul": 201, "root": 201})
    ],
    "api-team-member": [send("DELETE", "/api/v1/teams/finance-ml/members/petra", 403, people={"paul": 204, "root": 204})],
    "api-tokens": [get("/api/v1/tokens")],
    "api-token": [get("/api/v1/tokens/0", 404)],
    "api-token-rotate": [send("POST", "/api/v1/tokens/0/rotate", 404)],
    "api-token-exchange": [send("POST", "/api/v1/tokens/exchange", 401, {"token": "a.b.c"})],
    "api-service-accounts": [
        get("/api/v1/teams/finance-ml/service-accounts", 403, people=KEPT),
        send("POST", "/api/v1/teams/finance-ml/service-accounts", 403, NEW_ACCOUNT | {"accountable": "paul"}, people=of(201, "paul", "root")),
    ],
    "api-service-account": [
        get(API_ACCOUNT, 403, people=KEPT),
        send("PATCH", API_ACCOUNT, 403, {"accountable": "petra"}, people=of(200, "paul", "root")),
        send("DELETE", API_ACCOUNT, 403, people=of(204, "paul", "root")),
    ],
    "api-publishers": [
        get(f"{API_ACCOUNT}/publishers", 403, people=KEPT),
        send("POST", f"{API_ACCOUNT}/publishers", 403, JOB | {"scopes": ["read"]}, people=of(201, "paul", "root")),
    ],
    "api-publisher": [send("DELETE", f"{API_ACCOUNT}/publishers/0", 403, people=of(404, "nina", "paul", "root"))],
    "api-notices": [get("/api/v1/me/notices")],
    "api-notice-done": [send("POST", "/api/v1/me/notices/0/done", 404)],
    # the shop: finding
    "home": [get("/")],
    "search": [get("/models"), get("/models?q=falcon")],
    "my-access": [get("/me/access")],
    "api-search": [get("/api/v1/search?q=invoice")],
    "api-models": [get("/api/v1/models"), send("POST", "/api/v1/models", 403, NEW_MODEL, people=of(201, *OWNERS))],
    # the shop: models
    "model": seen_and_hidden("/m/{m}"),
    "model-tab": seen_and_hidden("/m/{m}/versions"),
    "version": seen_and_hidden("/m/{m}/v/1.0.0"),
    "card-revision": seen_and_hidden("/m/{m}/card/1"),
    "card-readme": seen_and_hidden("/m/{m}/card/README.md"),
    "card-edit": seen_and_hidden("/m/{m}/edit", 403, nina=200, paul=200, hidden=403),
    "card-preview": changed("/m/{m}/edit/preview", 200, {"text": "# Hello"}),
    "card-take-readme": changed("/m/{m}/edit/readme", 422, {}),
    "model-bring-in": changed("/m/{m}/bring-in", 409, {"reason": "We need it."}, everybody=409, hidden=409),
    "model-facts": changed("/m/{m}/settings/facts", 303, {"summary": "Another summary."}, paul=422),
    "model-sharing": changed("/m/{m}/settings/sharing", 303, {"visibility": "organization"}, nina=403),
    "model-grants": changed("/m/{m}/settings/grants", 422, {}),
    "model-grant-end": changed("/m/{m}/settings/grants/0/end", 404, {}, everybody=404, hidden=404),
    "model-aliases": changed("/m/{m}/settings/aliases", 303, {"alias": "newest", "version": "1.0.0"}),
    "model-alias-remove": changed("/m/{m}/settings/aliases/latest/remove", 303, {}),
    "model-versions-new": changed("/m/{m}/versions/new", 303, {"version": "3.0.0"}),
    "version-copy": changed("/m/{m}/v/1.0.0/copy", 303, {"version": "3.0.0"}),
    "publish-new": [get("/models/new", 200)],
    "publish-files": seen_and_hidden("/m/{m}/v/2.0.0/publish/files", 403, nina=200, paul=200, hidden=403),
    "publish-about": seen_and_hidden("/m/{m}/v/2.0.0/publish/about", 403, nina=200, paul=200, hidden=403),
    "api-model": [*seen_and_hidden("/api/v1/models/{m}"), *rest_change("PATCH", "/api/v1/models/{m}", 200, {"summary": "Another."})],
    "api-versions": [*seen_and_hidden("/api/v1/models/{m}/versions"), *rest_change("POST", "/api/v1/models/{m}/versions", 201, {"version": "3.0.0"})],
    "api-version": [
        *seen_and_hidden("/api/v1/models/{m}/versions/1.0.0"),
        *rest_change("PATCH", "/api/v1/models/{m}/versions/2.0.0", 200, {"changelog": "New."}),
    ],
    "api-alias": [
        *seen_and_hidden("/api/v1/models/{m}/aliases/latest"),
        *rest_change("PUT", "/api/v1/models/{m}/aliases/newest", 200, {"version": "1.0.0"}),
    ],
    "api-grants": seen_and_hidden("/api/v1/models/{m}/grants"),
    "api-grant": rest_change("DELETE", "/api/v1/models/{m}/grants/0", 404, {}, everybody=404, hidden=404),
    "api-sharing": [
        get("/api/v1/models/{open}/sharing", 403, people={"paul": 200}),
        *rest_change("PUT", "/api/v1/models/{m}/sharing", 200, {"visibility": "organization"}, nina=403),
        *rest_change("PATCH", "/api/v1/models/{m}/sharing", 200, {}, nina=403),
    ],
    "api-bring-in": rest_change("POST", "/api/v1/models/{m}/bring-in", 409, {"reason": "We need it."}, everybody=409, hidden=409),
    "api-use-cases": [get("/api/v1/use-cases")],
    "api-card": seen_and_hidden("/api/v1/models/{m}/card"),
    "api-card-revisions": seen_and_hidden("/api/v1/models/{m}/card/revisions"),
    "api-card-revision": seen_and_hidden("/api/v1/models/{m}/card/revisions/1"),
    "api-card-schema": seen_and_hidden("/api/v1/models/{m}/card/schema"),
    "api-card-readme": seen_and_hidden("/api/v1/models/{m}/card/readme"),
    # the shop: bytes. Nobody here holds a grant but the owner team; reviewers and auditors read for work
    "api-files": seen_and_hidden("/api/v1/models/{m}/versions/1.0.0/files"),
    "api-file": [
        get("/api/v1/models/{open}/versions/1.0.0/files/model.safetensors", 403, people=of(200, "nina", "paul", "tess", "ada", "aud")),
        get("/api/v1/models/{hidden}/versions/1.0.0/files/model.safetensors", 404, people=of(200, "tess", "ada", "aud") | {"gus": 403}),
    ],
    "bytes": [get("/bytes/forged", 403, anonymous=403)],
    "api-uploads": rest_change("POST", "/api/v1/uploads", 201, {"model": "{m}", "version": "2.0.0", "path": "more.json", "size": 9}),
    "api-upload": [get(f"/api/v1/uploads/{NO_ID}", 404)],
    "api-upload-part": [send("PUT", f"/api/v1/uploads/{NO_ID}/parts/0", 404)],
    "api-upload-complete": [send("POST", f"/api/v1/uploads/{NO_ID}/complete", 404)],
    # access
    "access": [get("/access"), get("/access?tab=ending"), get("/access?tab=decided"), get("/access?tab=none", 404)],
    "access-together": [send("POST", "/access/together", 422, {"part": ""})],
    "access-request": [get("/access/{request}", 404, people=of(200, *ASKED_SIDE, *OFFICE)), get("/access/A-0", 404)],
    "access-withdraw": [send("POST", "/access/{request}/withdraw", 404, people=of(403, *OFFICE) | {"ivo": 303})],
    "access-decide": [
        send("POST", "/access/{request}/parts/{open}/decide", 404, PART_DECIDED, people=of(403, "ivo", *OFFICE) | {"paul": 303}),
        send("POST", "/access/{request}/parts/{hidden}/decide", 404, PART_DECIDED),
    ],
    "access-answer": [send("POST", "/access/{request}/parts/{open}/answer", 404, {"text": "Yes."}, people=of(403, *OFFICE) | {"ivo": 409})],
    "access-new": [*seen_and_hidden("/m/{m}/access/new"), *changed("/m/{m}/access/new", 422, {"note": ""}, everybody=422, hidden=422)],
    "access-rule": [
        *seen_and_hidden("/m/{m}/settings/access", 403, paul=200, hidden=403),
        *changed("/m/{m}/settings/access", 422, {"review_days": "0"}, nina=403),
    ],
    "grant-give-back": [send("POST", "/me/access/0/give-back", 404)],
    "grant-confirm": [send("POST", "/me/access/0/confirm", 404)],
    "use-cases": [send("POST", "/teams/finance-ml/use-cases/new", 404, {"name": "New", "data_class": "internal"}, people=of(303, *OWNERS))],
    "use-case": [get("/teams/finance-ml/use-cases/{use}", 404, people=of(200, *OWNERS)), get("/teams/sales/use-cases/{use}", 404)],
    "api-use-case": [get("/api/v1/use-cases/{use}", 404, people=of(200, *OWNERS))],
    "api-access-requests": [get("/api/v1/access-requests"), send("POST", "/api/v1/access-requests", 422, {"note": "Please."})],
    "api-access-request": [get("/api/v1/access-requests/{request}", 404, people=of(200, *ASKED_SIDE, *OFFICE))],
    "api-access-withdraw": [send("POST", "/api/v1/access-requests/{request}/withdraw", 404, people=of(403, *OFFICE) | {"ivo": 200})],
    "api-access-decisions": [
        get("/api/v1/access-requests/{request}/parts/{open}/decisions", 404, people=of(200, *ASKED_SIDE, *OFFICE)),
        send(
            "POST",
            "/api/v1/access-requests/{request}/parts/{open}/decisions",
            404,
            {"step": "owner", "choice": "grant"},
            people=of(403, "ivo", *OFFICE) | {"paul": 201},
        ),
    ],
    "api-access-answer": [
        send("POST", "/api/v1/access-requests/{request}/parts/{open}/answer", 404, {"text": "Yes."}, people=of(403, *OFFICE) | {"ivo": 409})
    ],
    "api-access-rule": [
        *seen_and_hidden("/api/v1/models/{m}/access-rule"),
        *rest_change("PUT", "/api/v1/models/{m}/access-rule", 200, RULE, nina=403),
    ],
    "api-grant-confirm": rest_change("POST", "/api/v1/models/{m}/grants/0/confirm", 404, {}, everybody=404, hidden=404),
    # the council
    "policies": [get("/policies")],
    "policy": [get("/policies/starter/1"), get("/policies/starter/99", 404)],
    "api-policies": [get("/api/v1/policies")],
    "run": [get("/checks/{run}"), get("/checks/{secret_run}", 404, people=of(200, "tess", *READERS))],
    "quarantine-inspect": seen_and_hidden("/m/{m}/v/1.0.0/inspect", 409, 409),
    "run-again": [
        send("POST", "/checks/{run}/again", 403, people=of(303, "tess", "ada", *OWNERS)),
        send("POST", "/checks/{secret_run}/again", 404, people=of(303, "tess", "ada") | of(403, "gus", "aud")),
    ],
    "run-raw": [
        get("/checks/{run}/raw/formats", 403, people=of(404, "tess", "ada", "aud", *OWNERS)),
        get("/checks/{secret_run}/raw/formats", 404, people={"gus": 403}),
    ],
    "api-run": [get("/api/v1/checks/{run}"), get("/api/v1/checks/{secret_run}", 404, people=of(200, "tess", *READERS))],
    "publish-risk": seen_and_hidden("/m/{m}/v/2.0.0/publish/risk", 403, nina=200, paul=200, hidden=403),
    "publish-check": seen_and_hidden("/m/{m}/v/2.0.0/publish/check", 403, nina=200, paul=200, hidden=403),
    "api-version-submit": rest_change("POST", "/api/v1/models/{m}/versions/2.0.0/submit", 422, {}),
    "api-version-checks": [
        *seen_and_hidden("/api/v1/models/{m}/versions/1.1.0/checks"),
        send("POST", "/api/v1/models/{open}/versions/1.1.0/checks", 403, {}, people=of(202, "tess", "ada", *OWNERS)),
        send("POST", "/api/v1/models/{hidden}/versions/1.1.0/checks", 404, {}, people=of(202, "tess", "ada") | of(403, "gus", "aud")),
    ],
    "reviews": [get("/reviews", 404, people=of(200, "tess", *READERS))],
    "review": [
        get("/reviews/{review}", 404, people=of(200, "tess", *OWNERS, *READERS)),
        get("/reviews/{secret_review}", 404, people=of(200, "tess", *READERS)),
    ],
    "review-decide": [send("POST", "/reviews/{review}/decisions", 404, DECIDED, people=of(403, *OWNERS, *READERS) | {"tess": 303})],
    "review-comment": [
        send("POST", "/reviews/{review}/comments", 404, {"text": "Why?"}, people=of(303, "tess", "gus", "ada", *OWNERS) | {"aud": 403})
    ],
    "review-waiver": [send("POST", "/reviews/{review}/waivers", 404, WAIVER, people=of(403, "tess", "ada", "aud", *OWNERS) | {"gus": 422})],
    "review-waiver-end": [send("POST", "/reviews/{review}/waivers/0/end", 404)],
    "review-withdraw": [send("POST", "/reviews/{review}/withdraw", 404, people=of(303, *OWNERS) | of(403, "tess", *READERS))],
    "api-reviews": [get("/api/v1/reviews")],
    "api-review": [get("/api/v1/reviews/{review}", 404, people=of(200, "tess", *OWNERS, *READERS))],
    "api-review-decisions": [get("/api/v1/reviews/{review}/decisions", 404, people=of(200, "tess", *OWNERS, *READERS))],
    "api-review-waivers": [
        send("POST", "/api/v1/reviews/{review}/waivers", 404, WAIVER_SENT, people=of(403, "tess", "ada", "aud", *OWNERS) | {"gus": 422})
    ],
    "api-review-waiver": [send("DELETE", "/api/v1/reviews/{review}/waivers/0", 404)],
    "api-review-comments": [
        send("POST", "/api/v1/reviews/{review}/comments", 404, {"text": "Why?"}, people=of(201, "tess", "gus", "ada", *OWNERS) | {"aud": 403})
    ],
    **{f"version-{name}": step(name, "/m/{open}/v/1.0.0/{step}", 303) for name in STEPS},
    **{f"api-version-{name}": step(name, "/api/v1/models/{open}/versions/1.0.0/{step}", 200) for name in STEPS},
    # the company's directory: its token opens these, a session never does
    "scim-provider": scim_place("/scim/v2/ServiceProviderConfig"),
    "scim-resource-types": scim_place("/scim/v2/ResourceTypes"),
    "scim-resource-type": scim_place("/scim/v2/ResourceTypes/User"),
    "scim-schemas": scim_place("/scim/v2/Schemas"),
    "scim-schema": scim_place("/scim/v2/Schemas/none"),
    "scim-users": scim_place("/scim/v2/Users"),
    "scim-user": scim_place(f"/scim/v2/Users/{NO_ID}"),
    "scim-groups": scim_place("/scim/v2/Groups"),
    "scim-group": scim_place(f"/scim/v2/Groups/{NO_ID}"),
    "scim-elsewhere": scim_place("/scim/v2/Me"),
    "audit": [get("/audit", 404, people=of(200, "gus", "aud"))],
    "audit-verify": [send("POST", "/audit/verify", 404, people=of(200, "gus", "aud"))],
    "audit-segment": [send("POST", "/audit/segment", 404, people=of(200, "gus", "aud"))],
    "api-audit-events": [get("/api/v1/audit-events", 404, people=of(200, "gus", "aud"))],
}
