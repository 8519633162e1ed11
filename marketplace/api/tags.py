"""The groups of operations in the OpenAPI document, in the order in which people need them."""

TAGS = [
    {"name": "me", "description": "Who calls, and what they are told."},
    {"name": "tokens", "description": "Secrets that let a program act for you."},
    {"name": "search", "description": "Find models by words and facets."},
    {"name": "models", "description": "Models, their facts and their aliases."},
    {"name": "card", "description": "What people know about a model, in revisions."},
    {"name": "versions", "description": "Versions of a model, and the steps of their life."},
    {"name": "files", "description": "The bytes of a version. Every download passes one gate."},
    {"name": "uploads", "description": "Large files in parts, resumable."},
    {"name": "checks", "description": "What was checked of a version, and what was found."},
    {"name": "reviews", "description": "The approval queue: decisions and comments."},
    {"name": "grants", "description": "Who may use a model, for what, until when."},
    {"name": "use-cases", "description": "What models are used for."},
    {"name": "teams", "description": "Who owns models and uses them."},
    {"name": "policies", "description": "The rules that reviews follow."},
    {"name": "audit-events", "description": "The record of everything that happened."},
]
