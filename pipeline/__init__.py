"""The application: command line, the Beam graph, and a run from plan to exit code."""
