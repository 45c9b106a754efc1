"""The ``doctor`` command: checks every host before a run does."""
