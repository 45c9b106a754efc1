"""A simulated Ollama host: real HTTP on loopback, faithful in framing, queueing, timing and errors, with a toy
translator.

It lets the program be tried, tested and measured where no Ollama answers. What it writes is word-for-word
pseudo-translation.
"""

NOT_REAL = (
    "NOT REAL: these texts come from the simulated hosts of the sandbox, "
    "a word-for-word lexicon without any language model. "
    "Use them to try the program, never as translations."
)
