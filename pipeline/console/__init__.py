"""What a person at the terminal sees: log lines, progress and the preview."""
