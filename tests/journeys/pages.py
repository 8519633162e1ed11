"""Every page of the site, with somebody who sees it and an address in the demo world."""

from dataclasses import dataclass

from tests.journeys.site import Site
from tests.permission_matrix import MATRIX

NO_PAGES = {
    "healthz", "readyz", "metrics", "stylesheet", "schema", "bytes", "run-raw", "card-readme", "audit-segment", "second-factor-picture",
    # steps of a sign-in, and pages behind a second password: test_sign_in.py looks at them
    "sso-callback", "saml-metadata", "mfa_authenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_activate_totp", "mfa_deactivate_totp",
    "mfa_add_webauthn", "mfa_remove_webauthn", "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """One page as somebody sees it."""

    name: str  # of the address, as the permission matrix knows it
    address: str
    person: str = ""
    note: str = ""  # tells two places with the same address name apart

    def __str__(self) -> str:
        return "-".join(part for part in (self.name, self.note) if part)


INVOICE, TAGGER, RANKER = "/m/finance-ml/invoice-fields-v3", "/m/legal-tech/contract-clause-tagger", "/m/hr-ml/cv-ranker"
DRAFT = "/m/finance-ml/walked-through/v/1.0.0"  # made by `draft_of` below
PLACES = (
    Place("account_login", "/login"),
    Place("home", "/", "bea", "reader"),
    Place("home", "/", "nina", "publisher"),
    Place("home", "/", "tess", "reviewer"),
    Place("search", "/models", "bea"),
    Place("search", "/models?q=invoice&use=ready", "bea", "narrowed"),
    Place("search", "/models?q=zzqq+payslip&tier=T3", "bea", "empty"),
    Place("model", INVOICE, "bea", "approved"),
    Place("model", INVOICE, "paul", "owner"),
    Place("model", RANKER, "bea", "rejected"),
    Place("model", "/m/claims-api/claims-triage", "bea", "suspended"),
    Place("model", "/m/customer-care/reply-drafts", "ada", "quarantined"),
    *(Place("model-tab", f"{INVOICE}/{tab}", "paul", tab) for tab in ("versions", "files", "use", "checks", "governance", "usage", "settings")),
    Place("version", f"{INVOICE}/v/3.2.0", "bea", "approved"),
    Place("version", f"{TAGGER}/v/1.0.0", "jonas", "in-review"),
    Place("version", DRAFT, "nina", "draft"),
    Place("card-edit", f"{INVOICE}/edit", "nina"),
    Place("card-revision", f"{INVOICE}/card/1", "bea"),
    Place("publish-new", "/models/new", "nina"),
    Place("publish-new", "/models/new", "stan", "no-team"),
    Place("publish-files", f"{DRAFT}/publish/files", "nina"),
    Place("publish-about", f"{DRAFT}/publish/about", "nina"),
    Place("publish-risk", f"{DRAFT}/publish/risk", "nina"),
    Place("publish-check", f"{DRAFT}/publish/check", "nina"),
    Place("run", "/checks/{run}", "jonas"),
    Place("run", "/checks/{bad_run}", "ada", "quarantined"),
    Place("quarantine-inspect", "/m/{bad}/inspect", "ada"),
    Place("reviews", "/reviews", "tess"),
    Place("review", "/reviews/R-{review}", "rita", "deciding"),
    Place("review", "/reviews/R-{review}", "jonas", "submitter"),
    Place("policies", "/policies", "bea"),
    Place("policy", "/policies/starter/1", "bea"),
    Place("teams", "/teams", "nina"),
    Place("team", "/teams/finance-ml", "paul", "owner"),
    Place("team", "/teams/finance-ml", "bea", "stranger"),
    *(Place("team-tab", f"/teams/sales/{tab}", "sonja", tab) for tab in ("models", "uses", "access")),
    Place("team-member", "/teams/finance-ml/members/nina", "paul"),
    Place("people", "/admin/people", "root"),
    Place("person", "/admin/people/yara", "root", "left"),
    Place("person", "/admin/people/tess", "root", "reviewer"),
    Place("admin-teams", "/admin/teams", "root"),
    Place("admin-team", "/admin/teams/sales", "root"),
    Place("admin-roles", "/admin/roles", "root"),
    Place("model-tab", "/m/quality-vision/weld-seam/files", "bea", "files-on-request"),
    Place("my-access", "/me/access", "bea"),
    Place("my-access", "/me/access", "sonja", "asked"),
    Place("access", "/access", "paul", "waiting"),
    Place("access", "/access?tab=ending", "paul", "ending"),
    Place("access", "/access?tab=decided", "sonja", "decided"),
    Place("access", "/access", "bea", "nothing"),
    Place("access-request", "/access/A-{waiting_owner}", "paul", "deciding"),
    Place("access-request", "/access/A-{asked}", "jonas", "asked"),
    Place("access-request", "/access/A-{waiting_privacy}", "priya", "privacy"),
    Place("access-request", "/access/A-{denied}", "stan", "denied"),
    Place("access-new", f"{INVOICE}/access/new", "ivo"),
    Place("access-new", "/m/finance-ml/supplier-invoice-totals/access/new", "jonas", "questions"),
    Place("access-rule", "/m/finance-ml/supplier-invoice-totals/settings/access", "paul"),
    Place("use-case", "/teams/finance-ml/use-cases/{use_case}", "paul"),
    Place("my-tokens", "/me/tokens", "ivo"),
    Place("token-reach", "/tokens/{token}/reach", "ivo"),
    Place("team-tokens", "/teams/claims-api/tokens", "ivo", "owner"),
    Place("team-tokens", "/teams/finance-ml/tokens", "nina", "member"),
    Place("service-account", "/teams/claims-api/tokens/ci-claims", "ivo", "owner"),
    Place("my-settings", "/me/settings", "bea"),
    Place("welcome", "/welcome", "paul"),
    Place("welcome", "/welcome", "stan", "in-no-team"),
    Place("mfa_index", "/me/settings/sign-in", "bea"),
    Place("account_reauthenticate", "/me/settings/sign-in/again", "bea"),
    Place("notifications", "/me/notifications", "paul"),
    Place("audit", "/audit", "aud"),
    Place("api-docs", "/docs/api", "bea"),
    Place("problem-types", "/docs/errors", "bea"),
    Place("style-guide", "/docs/ui", "bea"),
    Place("error", "/m/no-team/no-model", "bea", "404"),
    Place("error", f"{INVOICE}/edit", "bea", "403"),
)


def page_names() -> set[str]:
    """The address names that answer somebody with a page."""
    return {
        name
        for name, rows in MATRIX.items()
        if name not in NO_PAGES and any((row.method == "GET" and not name.startswith(("api-", "scim-"))) or name == "api-docs" for row in rows)
    }


def numbers(site: Site) -> dict[str, object]:
    """The numbers that addresses of the demo world need."""
    of = "JOIN catalog_modelversion v ON v.id = r.version_id JOIN catalog_registeredmodel m ON m.id = v.model_id WHERE m.name = %s AND v.version = %s"
    [(review, run)] = site.rows(f"SELECT r.id, r.run_id FROM governance_review r {of} ORDER BY r.id DESC LIMIT 1", "contract-clause-tagger", "1.0.0")
    [(bad_run,)] = site.rows(f"SELECT r.id FROM governance_validationrun r {of} ORDER BY r.id DESC LIMIT 1", "reply-drafts", "0.1.0")
    [(bad,)] = site.rows(
        "SELECT t.name || '/' || m.name || '/v/' || v.version FROM catalog_modelversion v JOIN catalog_registeredmodel m ON m.id = v.model_id"
        " JOIN marketplace_team t ON t.id = m.team_id WHERE m.name = %s AND v.version = %s",
        "reply-drafts", "0.1.0",
    )  # fmt: skip
    [(use_case,)] = site.rows("SELECT id FROM catalog_usecase WHERE name = %s", "Document intake")
    [(token,)] = site.rows("SELECT t.id FROM marketplace_apitoken t JOIN marketplace_user u ON u.id = t.user_id WHERE u.username = %s", "ci-claims")
    asked = dict(site.rows("SELECT state, min(request_id) FROM governance_accesspart GROUP BY state"))
    return {"review": review, "run": run, "bad_run": bad_run, "bad": bad, "use_case": use_case, "token": token} | asked
