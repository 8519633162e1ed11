"""Journeys of people through a running product, in a real browser."""
