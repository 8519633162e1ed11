"""Model cards: fields with duties, text, revisions, completeness."""
