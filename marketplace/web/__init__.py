"""HTML plumbing: pages and fragments, slots, errors."""
