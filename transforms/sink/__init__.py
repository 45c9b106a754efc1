"""Outputs: the directory, parts, footers, recipe, added columns, lock, dead letters and statistics."""
