"""Watch a run while it lasts: one ``RunStatus`` per second, for the live panel, log lines, metrics and the report."""
