"""REST plumbing: pagination, problems, idempotency, schema."""
