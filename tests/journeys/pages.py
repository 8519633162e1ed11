"""Every page of the site, with somebody who sees it and an address in the demo world."""

from dataclasses import dataclass

from tests.journeys.site import Site
from tests.permission_matrix import MATRIX

NO_PAGES = {
    "healthz", "readyz", "metrics", "stylesheet", "schema", "bytes", "card-readme", "audit-segment",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """One page as somebody sees it."""

    name: str  # of the address, as the permission matrix knows it
    address: str
    person: str = ""
    note: str = ""  # tells two places with the same address name apart
    is_foreign: bool = False  # markup of a library of others, which we cannot mend: only its width is looked at

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
    Place("my-tokens", "/me/tokens", "ivo"),
    Place("my-settings", "/me/settings", "bea"),
    Place("notifications", "/me/notifications", "paul"),
    Place("audit", "/audit", "aud"),
    Place("api-docs", "/docs/api", "bea", is_foreign=True),
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
        if name not in NO_PAGES and any((row.method == "GET" and not name.startswith("api-")) or name == "api-docs" for row in rows)
    }


def numbers(site: Site) -> dict[str, object]:
    """The numbers that addresses of the demo world need."""
    of = "JOIN catalog_modelversion v ON v.id = r.version_id JOIN catalog_registeredmodel m ON m.id = v.model_id WHERE m.name = %s AND v.version = %s"
    [(review, run)] = site.rows(f"SELECT r.id, r.run_id FROM governance_review r {of} ORDER BY r.id DESC LIMIT 1", "contract-clause-tagger", "1.0.0")
    [(bad_run,)] = site.rows(f"SELECT r.id FROM governance_validationrun r {of} ORDER BY r.id DESC LIMIT 1", "reply-drafts", "0.1.0")
    return {"review": review, "run": run, "bad_run": bad_run}
