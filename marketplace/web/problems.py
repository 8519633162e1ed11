"""Every kind of problem that REST answers with, explained: the general ones, and those with a code of their own."""

from marketplace.errors import ABOUT_THE_REQUEST, all_kinds

Row = tuple[str, str, int, str]

# Refusals with a code of their own, so that programs can tell them apart: code, status, when.
OF_THEIR_OWN: tuple[tuple[str, int, str], ...] = (
    ("already-issued", 409, "The first answer to this Idempotency-Key held a secret, which is shown once. Rotate it."),
    ("checks-failed-since", 409, "The checks ran again after the review was opened, and did not pass."),
    ("approval-ended", 403, "The approval of this version has ended and, where it had days of grace, those too."),
    ("asked-already", 409, "A request for the very same access is open; `request` names it."),
    ("card-moved", 409, "The card has a newer revision than the one that was changed."),
    ("denied-lately", 409, "The very same access was denied; `again_after` says from when it may be asked again."),
    ("email-taken", 409, "Somebody has this e-mail address and is not linked to this way of signing in. An administrator links them."),
    ("files-on-request", 403, "Which files there are is shown to those who may use an approved version."),
    ("four-eyes", 403, "Whoever made, owns, submitted or asked for something never decides on it, and nobody counts twice."),
    ("grant-ended", 403, "Your access has ended; `request_access` is where to ask again."),
    ("granted-already", 409, "The holder has this access already, as long as was asked for; `until` says how long."),
    ("inputs-moved", 409, "What was decided on changed meanwhile. Look again, then decide."),
    ("length-required", 411, "The length of the body was not announced."),
    ("link-ended", 403, "A link to bytes lives for a minute, for one person and one file. Ask for the file again."),
    ("name-clash", 409, "A file of this version has a name that some systems cannot tell from this one."),
    ("no-grant", 403, "The version is approved, and you have no access to it for this use; `request_access` is where to ask."),
    ("not-approved", 403, "No approval of this version counts now."),
    ("not-quarantined", 403, "A purpose was named for a file that is not quarantined."),
    ("precondition-failed", 412, "If-Match names another revision than the present one; `etag` is the present one."),
    ("purged", 403, "The bytes were removed for good; as a file that is sent, 409."),
    ("quarantined", 403, "A check found something that must not leave. Security alone may inspect it."),
    ("retired", 403, "The version is retired."),
    ("scope-missing", 403, "The token does not have the scope that this needs."),
    ("server-error", 500, "A fault of ours. It is logged under the request id."),
    ("still-running", 409, "The first request with this Idempotency-Key is still running."),
    ("suspended", 403, "The version is suspended: nothing new leaves until it is decided on."),
    ("too-many-files", 409, "The version has as many files as one may have."),
    ("token-in-address", 400, "A token came in the address, where logs keep it. Revoke it; send its successor in the header Authorization."),
    ("token-limited", 403, "The token is limited to some models or teams, and this tells of more than those."),
    ("unknown-purpose", 403, "There is no such purpose to name."),
    ("use-forbidden", 409, "The policy allows no model of this kind for this use."),
    ("waiver-missing", 409, "The policy asks for a waiver before this can be approved."),
)


def explained() -> list[Row]:
    """Return code, title, status and when of every kind, by code."""
    kinds = all_kinds()
    general = [(kind.code, kind.title, kind.status, (kind.__doc__ or "").strip()) for kind in kinds]
    titles = {kind.status: kind.title for kind in kinds} | {411: "Length required", 412: "The card has moved on", 500: "Failed on our side"}
    return sorted([*general, *ABOUT_THE_REQUEST, *((code, titles[status], status, when) for code, status, when in OF_THEIR_OWN)])
