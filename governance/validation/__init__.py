"""Background checks of a version."""
