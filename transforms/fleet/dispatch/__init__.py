"""Which text goes to which host, and what follows when it fails: rules without I/O or a clock of their own."""
