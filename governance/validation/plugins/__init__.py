"""Checks that settings turn on: each asks an engine that runs apart."""
