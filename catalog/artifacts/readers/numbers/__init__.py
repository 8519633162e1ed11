"""Formats of nothing but numbers: arrays of numpy."""
