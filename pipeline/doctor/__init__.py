"""The command ``doctor``: examine every host before a run."""
