"""People, teams, membership, organisation roles and API tokens."""
