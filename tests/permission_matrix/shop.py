"""The shop: finding models, their pages, cards and bytes."""

from tests.permission_matrix.rows import OWNERS, Row, changed, get, of, rest_change, seen_and_hidden, send
from tests.permission_matrix.sent import NEW_MODEL, NO_ID

SHOP: dict[str, list[Row]] = {
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
}
