"""The council: rules, checks, decisions, access."""
