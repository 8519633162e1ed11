"""The council: access, policies, checks, reviews, the record."""

from tests.permission_matrix.rows import OWNERS, READERS, Row, changed, get, of, rest_change, seen_and_hidden, send
from tests.permission_matrix.sent import ASKED_SIDE, DECIDED, OFFICE, PART_DECIDED, RULE, STEPS, WAIVER, WAIVER_SENT, step

COUNCIL: dict[str, list[Row]] = {
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
    "audit": [get("/audit", 404, people=of(200, "gus", "aud"))],
    "audit-verify": [send("POST", "/audit/verify", 404, people=of(200, "gus", "aud"))],
    "audit-segment": [send("POST", "/audit/segment", 404, people=of(200, "gus", "aud"))],
    "api-audit-events": [get("/api/v1/audit-events", 404, people=of(200, "gus", "aud"))],
}
