"""The command ``memory``, and where a run has its translation memory."""
