"""Taking away what a model wrote around the translation."""
