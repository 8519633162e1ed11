"""Migrations of the council."""
