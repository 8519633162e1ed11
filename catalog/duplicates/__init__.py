"""Same or nearly same: exact copies in this first ring."""
