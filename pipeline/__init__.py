"""The application: command line, Beam graph, and a run from plan to exit code."""
