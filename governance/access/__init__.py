"""Requests for access to models, the decisions on them, and whether what was granted is still needed."""
