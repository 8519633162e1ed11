"""Models, versions, use cases, approvals, grants, aliases, tags."""
