"""Readers of places that models come from; each turns what it finds into records, and names what it cannot read."""
