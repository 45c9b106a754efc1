"""Cut texts that do not fit one request, and join the translations, without losing or repeating anything."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from semantic_text_splitter import TextSplitter

from transforms.text.request.budget import CONTEXT_CHARS_PER_TOKEN, Budget, estimate_tokens
from transforms.text.request.gate import is_blank

SLACK = 1.1
"""Maximum piece length relative to the mean. Some slack allows cuts at good places; little keeps sizes similar."""

WINDOW_PIECES = 4
_SENTENCE_END = re.compile(r"[.!?…»][ \t]+|\n+")
_LINE_END = re.compile(r"\r?\n")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a text.

    Attributes:
        leading, trailing: The white space around the core, which is not sent.
        core: The part that is sent; empty only if the whole text is blank.
    """

    leading: str
    core: str
    trailing: str


def split(text: str, budget: Budget, chunk_chars: int, always: bool = False) -> list[Chunk]:
    """Return the chunks of ``text``. Joined they are ``text`` again, and every core is within budget.

    A text that fits one request stays whole, since every cut costs quality. Longer texts are cut into pieces of similar
    size: at paragraphs, else lines, sentences or words, and between characters only if there is no other place.

    Args:
        text: The sanitised text.
        budget: The budget of one request.
        chunk_chars: The maximum characters of a piece of a text that is cut.
        always: Whether to cut the text to ``chunk_chars`` even if it fits one request.
    """
    if not always and budget.fits(text):
        return [_chunk(text)]
    return _chunks(_pieces(text, budget.max_source_tokens, chunk_chars)) or [Chunk(text, "", "")]


def _pieces(text: str, max_tokens: int, chunk_chars: int) -> Iterator[str]:
    """Yield pieces within both limits. Where tokens are denser than in the whole text, pieces are cut once more."""
    tokens = estimate_tokens(text)
    if len(text) <= 1 or (len(text) <= chunk_chars and tokens <= max_tokens):
        yield text
        return
    by_tokens = int(len(text) * max_tokens / (SLACK * tokens))
    for piece in _cut(text, max(1, min(chunk_chars, by_tokens, len(text) - 1))):
        yield from _pieces(piece, max_tokens, chunk_chars)


def _cut(text: str, longest: int) -> Iterator[str]:
    """Yield pieces of at most ``longest`` characters, cut at the best places. The last pieces are of similar size.

    For each piece, the splitter looks at all the remaining text. Where it can only cut between words or characters,
    that takes quadratic time (10 s for a megabyte of accents). So it gets a window at a time, and only the first half
    of the window's pieces is used: the others are cut again once the window shows the text after them.
    """
    splitter = TextSplitter(longest, trim=False)
    start = 0
    while len(text) - start > WINDOW_PIECES * longest:
        for piece in splitter.chunks(text[start : start + WINDOW_PIECES * longest])[: WINDOW_PIECES // 2]:
            yield piece
            start += len(piece)
    remaining = len(text) - start
    mean = remaining / math.ceil(remaining / longest)
    yield from TextSplitter(min(longest, math.ceil(SLACK * mean)), trim=False).chunks(text[start:])


def _chunks(pieces: Iterable[str]) -> list[Chunk]:
    """Return the chunks of pieces. Blank pieces are never sent; they join the white space of a neighbour."""
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


def contexts(chunks: Sequence[Chunk], max_chars: int, before: str = "") -> list[str]:
    """Return the text before each chunk, from the beginning of a sentence or at least of a word.

    Args:
        chunks: The chunks of a text.
        max_chars: The maximum characters per chunk; 0 for no context.
        before: The text before the first chunk.
    """
    found = []
    for chunk in chunks:
        found.append(_tail(before, max_chars))
        before = f"{before}{chunk.leading}{chunk.core}{chunk.trailing}"[-2 * max_chars :] if max_chars else ""
    return found


def _tail(text: str, max_chars: int) -> str:
    text = text.strip()
    if len(text) > max_chars:
        text = text[len(text) - max_chars :]
        sentence = _SENTENCE_END.search(text, 0, max_chars // 2)
        text = text[sentence.end() :] if sentence else text.partition(" ")[2]
    return text if estimate_tokens(text) <= max_chars // CONTEXT_CHARS_PER_TOKEN else ""


def join(chunks: Sequence[Chunk], translations: Sequence[str]) -> str:
    """Return the translations joined, each with its chunk's white space around it.

    Models write ``\\n``, so line ends become ``\\r\\n`` if all those of the source are. Joining the untranslated cores
    therefore returns the source unchanged.

    Args:
        chunks: The chunks from ``split``.
        translations: One translation per chunk.
    """
    source = "".join(f"{chunk.leading}{chunk.core}{chunk.trailing}" for chunk in chunks)
    if 0 < source.count("\n") == source.count("\r\n"):
        translations = [_LINE_END.sub("\r\n", translation) for translation in translations]
    return "".join(
        f"{chunk.leading}{translation}{chunk.trailing}" for chunk, translation in zip(chunks, translations, strict=True)
    )
