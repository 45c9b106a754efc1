"""A simulated Ollama host: real HTTP on loopback with Ollama's framing, queueing, timing and errors, and a toy
translator.

Use it to try, test and measure the program without Ollama. Its output is a word-for-word pseudo-translation.
"""

NOT_REAL = (
    "NOT REAL: these texts come from the simulated hosts of the sandbox, which use a word-for-word lexicon and no "
    "language model. Use them to try the program, never as translations."
)
