"""Who used what: reads of bytes, counts, trends."""
