"""Readers that look into files without running anything in them."""

from catalog.artifacts.readers.facts import combine, facts
from catalog.artifacts.readers.identify import identify
from catalog.artifacts.readers.reading import read_file
from catalog.artifacts.readers.types import READERS_VERSION, Finding, Reading

__all__ = ["READERS_VERSION", "Finding", "Reading", "combine", "facts", "identify", "read_file"]
