"""What the calls of the matrix send, and rows that come in groups."""

from tests.permission_matrix.rows import OWNERS, Row, get, of, send

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
