"""Extraction of the text to translate from a prompt of any family."""

from __future__ import annotations

OPENING, CLOSING = "<source>", "</source>"
REQUEST = "into English:"
TERMS = "Reference the following translations:\n"


def source_of(prompt: str) -> str:
    """The text between ``<source>`` tags; otherwise between ``French:`` and ``English:``; otherwise after
    ``into English:``; otherwise after the first blank line; otherwise the whole prompt.

    The opening tag must begin a line, and the last closing tag counts, so that texts may contain the tags themselves.
    """
    begin = 0 if prompt.startswith(OPENING) else prompt.find("\n" + OPENING) + 1
    if begin or prompt.startswith(OPENING):
        begin += len(OPENING)
        end = prompt.rfind(CLOSING)
        text = prompt[begin:end] if end >= begin else prompt[begin:]
        # Each tag includes one line break that is not part of the text.
        return text.removeprefix("\n").removesuffix("\n")
    if prompt.startswith(TERMS):
        prompt = prompt.partition("\n\n")[2]
    _, french, text = prompt.partition("\nFrench:")
    if french and text.rstrip().endswith("\nEnglish:"):
        return text.rstrip().removesuffix("\nEnglish:").strip()
    begin = prompt.find(REQUEST)
    if begin >= 0:
        return prompt[begin + len(REQUEST) :].strip().removesuffix(" <en>")
    _, blank_line, text = prompt.replace("\r\n\r\n", "\n\n", 1).partition("\n\n")
    return text.strip() if blank_line and text.strip() else prompt
