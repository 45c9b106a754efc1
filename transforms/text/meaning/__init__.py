"""Whether an answer says what the source says: in English, all of it, once, and nothing else."""
