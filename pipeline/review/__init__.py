"""Review of rows that failed or have flags: by people in the terminal, or with an exported file."""
