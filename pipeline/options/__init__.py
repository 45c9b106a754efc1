"""Options of all commands: one table per command, from which command line, environment and help follow."""
