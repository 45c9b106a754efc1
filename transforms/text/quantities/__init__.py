"""Numbers and their units, in figures, words and signs: what changed, is missing or was added."""
