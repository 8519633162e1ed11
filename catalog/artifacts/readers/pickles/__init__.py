"""Pickles of every dress, followed instruction by instruction and never loaded."""
