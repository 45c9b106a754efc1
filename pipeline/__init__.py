"""The application: command line, the Beam graph, and a run from plan to exit code."""

__version__ = "0.1.0"
"""The only place that holds the version: packaging and ``--version`` read it here."""
