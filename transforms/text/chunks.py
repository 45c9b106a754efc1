"""Cutting a text that does not fit one request, and joining what comes back: nothing lost, nothing doubled."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from semantic_text_splitter import TextSplitter

from transforms.text.budget import Budget


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a text.

    Attributes:
        leading, trailing: White space around the core; kept aside, never sent.
        core: What is sent; empty only if the text is all white space.
    """

    leading: str
    core: str
    trailing: str


def split(text: str, budget: Budget, chunk_chars: int, always: bool = False) -> list[Chunk]:
    """The chunks of ``text``: their joined pieces are ``text`` again, and no core is over budget.

    A text that fits one request stays whole, since quality suffers at every cut; another is cut at paragraphs, lines,
    sentences, words, and at characters where there is nothing else, into pieces of about equal size.

    Args:
        text: Sanitised.
        budget: Of one request.
        chunk_chars: The longest piece in characters, if it is cut at all.
        always: Whether it is cut to ``chunk_chars`` even if it fits.
    """
    if not always and budget.fits(text):
        return [_chunk(text)]
    pieces = _pieces(text, chunk_chars)
    whole = [small for piece in pieces for small in _within(piece, budget)]
    return [_chunk(piece) for piece in _joined_blanks(whole)] or [Chunk("", "", text)]


def _pieces(text: str, chunk_chars: int) -> list[str]:
    """At most ``chunk_chars`` characters each, of about equal size."""
    count = math.ceil(len(text) / chunk_chars)
    balanced = min(chunk_chars, math.ceil(1.1 * len(text) / count)) if count > 1 else chunk_chars
    splitter = TextSplitter((max(1, balanced // 2), balanced), trim=False)
    pieces: list[str] = []
    # The splitter takes quadratic time for words of a megabyte; they have no good place for a cut anyway.
    for number, part in enumerate(re.split(rf"(\S{{{2 * chunk_chars},}})", text)):
        if number % 2:
            pieces += (part[start : start + balanced] for start in range(0, len(part), balanced))
        else:
            pieces += splitter.chunks(part)
    return pieces


def _within(piece: str, budget: Budget) -> Iterator[str]:
    """``piece``, halved until each part fits: dense text has more tokens than its length tells."""
    if budget.fits(piece) or len(piece) == 1:
        yield piece
        return
    halves = TextSplitter(math.ceil(len(piece) / 2), trim=False).chunks(piece)
    for half in halves if len(halves) > 1 else (piece[: len(piece) // 2], piece[len(piece) // 2 :]):
        yield from _within(half, budget)


def _joined_blanks(pieces: Sequence[str]) -> list[str]:
    """The pieces with blank ones, and halves of a line end, added to a neighbour: a blank is never sent."""
    joined: list[str] = []
    blank = ""
    for piece in pieces:
        if piece.isspace() or not piece:
            if joined:
                joined[-1] += piece
            else:
                blank += piece
        else:
            joined.append(blank + piece)
            blank = ""
    if blank:
        joined.append(blank)
    return joined


def _chunk(piece: str) -> Chunk:
    core = piece.strip()
    if not core:
        return Chunk(piece, "", "")
    start = piece.index(core)
    return Chunk(piece[:start], core, piece[start + len(core) :])


def join(chunks: Sequence[Chunk], translations: Sequence[str]) -> str:
    """The translations with each chunk's white space around them; line ends are ``\\r\\n`` if the source's are.

    Args:
        chunks: As ``split`` made them.
        translations: One for each chunk.
    """
    crlf = any("\r\n" in chunk.leading + chunk.core + chunk.trailing for chunk in chunks)
    ended: Callable[[str], str] = _crlf if crlf else str
    return "".join(
        f"{chunk.leading}{ended(translation)}{chunk.trailing}"
        for chunk, translation in zip(chunks, translations, strict=True)
    )


def _crlf(text: str) -> str:
    return re.sub(r"\r?\n", "\r\n", text)
