"""Rules per risk tier: which checks, which reviewers, which fields."""
