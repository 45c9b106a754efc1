"""Cutting a text that does not fit one request, and joining what comes back: nothing lost, nothing doubled."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from semantic_text_splitter import TextSplitter

from transforms.text.budget import CONTEXT_CHARS_PER_TOKEN, Budget, estimate_tokens
from transforms.text.gate import is_blank

SLACK = 1.1
"""How much longer than the mean a piece may be, so that cuts fall on good places and pieces stay of similar size."""

WINDOW_PIECES = 4
_SENTENCE_END = re.compile(r"[.!?…»][ \t]+|\n+")
_LINE_END = re.compile(r"\r?\n")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a text.

    Attributes:
        leading, trailing: White space around the core; kept aside, never sent.
        core: What is sent; empty only if the whole text is blank.
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
    return _chunks(_pieces(text, budget.max_source_tokens, chunk_chars)) or [Chunk(text, "", "")]


def _pieces(text: str, max_tokens: int, chunk_chars: int) -> Iterator[str]:
    """Pieces within both limits; again and smaller where the tokens are denser than in the text as a whole."""
    tokens = estimate_tokens(text)
    if len(text) <= 1 or (len(text) <= chunk_chars and tokens <= max_tokens):
        yield text
        return
    by_tokens = int(len(text) * max_tokens / (SLACK * tokens))
    for piece in _cut(text, max(1, min(chunk_chars, by_tokens, len(text) - 1))):
        yield from _pieces(piece, max_tokens, chunk_chars)


def _cut(text: str, longest: int) -> Iterator[str]:
    """Pieces of at most ``longest`` characters, cut at the best places; the last ones are about equal.

    The splitter looks at all that is left for each piece, which takes quadratic time where there are only words or less
    to cut at (10 s for a megabyte of accents). So it gets a window, and only the first half of the window's pieces is
    taken: the others are cut again, with more of the text in sight.
    """
    splitter = TextSplitter(longest, trim=False)
    start = 0
    while len(text) - start > WINDOW_PIECES * longest:
        for piece in splitter.chunks(text[start : start + WINDOW_PIECES * longest])[: WINDOW_PIECES // 2]:
            yield piece
            start += len(piece)
    left = len(text) - start
    mean = left / math.ceil(left / longest)
    yield from TextSplitter(min(longest, math.ceil(SLACK * mean)), trim=False).chunks(text[start:])


def _chunks(pieces: Iterable[str]) -> list[Chunk]:
    """The chunks of pieces; blank pieces become white space of a neighbour: a blank is never sent."""
    chunks: list[Chunk] = []
    blank = ""
    for piece in pieces:
        if not is_blank(piece):
            chunk = _chunk(piece)
            chunks.append(replace(chunk, leading=blank + chunk.leading) if blank else chunk)
            blank = ""
        elif chunks:
            chunks[-1] = replace(chunks[-1], trailing=chunks[-1].trailing + piece)
        else:
            blank += piece
    return chunks


def _chunk(piece: str) -> Chunk:
    if is_blank(piece):
        return Chunk(piece, "", "")
    core = piece.strip()
    start = len(piece) - len(piece.lstrip())
    return Chunk(piece[:start], core, piece[start + len(core) :])


def contexts(chunks: Sequence[Chunk], most_chars: int, before: str = "") -> list[str]:
    """What stands before each chunk: up to ``most_chars`` characters, from the beginning of a sentence or a word.

    Args:
        chunks: Of a text.
        most_chars: 0 for none.
        before: What stands before the text.
    """
    found = []
    for chunk in chunks:
        found.append(_tail(before, most_chars))
        before = f"{before}{chunk.leading}{chunk.core}{chunk.trailing}"[-2 * most_chars :] if most_chars else ""
    return found


def _tail(text: str, most_chars: int) -> str:
    text = text.strip()
    if len(text) > most_chars:
        text = text[len(text) - most_chars :]
        sentence = _SENTENCE_END.search(text, 0, most_chars // 2)
        text = text[sentence.end() :] if sentence else text.partition(" ")[2]
    return text if estimate_tokens(text) <= most_chars // CONTEXT_CHARS_PER_TOKEN else ""


def join(chunks: Sequence[Chunk], translations: Sequence[str]) -> str:
    """The translations with each chunk's white space around them.

    Models write ``\\n``: their line ends become ``\\r\\n`` if all of the source's are. So the cores themselves as
    translations give the source again, whatever is in it.

    Args:
        chunks: As ``split`` made them.
        translations: One for each chunk.
    """
    source = "".join(f"{chunk.leading}{chunk.core}{chunk.trailing}" for chunk in chunks)
    if 0 < source.count("\n") == source.count("\r\n"):
        translations = [_LINE_END.sub("\r\n", translation) for translation in translations]
    return "".join(
        f"{chunk.leading}{translation}{chunk.trailing}" for chunk, translation in zip(chunks, translations, strict=True)
    )
