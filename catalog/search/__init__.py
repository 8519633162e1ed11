"""Finding: words, facets, ranking."""
