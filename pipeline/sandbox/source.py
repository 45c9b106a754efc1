"""Finds the text to translate in a prompt, whatever its form, as a model would understand it."""

from __future__ import annotations

OPENING, CLOSING = "<source>", "</source>"
REQUEST = "into English:"
TERMS = "Reference the following translations:\n"


def source_of(prompt: str) -> str:
    """The text between ``<source>`` tags; else between ``French:`` and ``English:``; else after ``into English:``;
    else after the first blank line; else all of it.

    The opening tag begins a line and the closing tag is the last one, so that a text that speaks of the tags stays
    whole.
    """
    begin = 0 if prompt.startswith(OPENING) else prompt.find("\n" + OPENING) + 1
    if begin or prompt.startswith(OPENING):
        begin += len(OPENING)
        end = prompt.rfind(CLOSING)
        text = prompt[begin:end] if end >= begin else prompt[begin:]
        # One line break belongs to each tag, not to the text.
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
