"""Reading the record: search and chain check."""
