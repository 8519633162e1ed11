"""The demo world: people, models and files to try things out with."""
