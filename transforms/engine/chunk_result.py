"""The result of one chunk, and of several chunks as one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from transforms.fleet.http.answers import Answer
from transforms.text.findings import Finding
from transforms.text.request.chunks import Chunk, join


@dataclass(slots=True)
class ChunkResult:
    """The result of one chunk.

    Attributes:
        text: The translation; the source wherever there is none.
        answers: The accepted answers, several if the chunk was split.
        flags: What is wrong with them, and what was done about it.
        error: Why some or all of the chunk could not be translated.
        translated: Whether some of it was translated.
        candidate: The best rejected translation, where there is an error.
        evidence: The findings behind the flags.
        pieces: The smaller chunks that it was cut into, and that the result consists of; 1 if it was not.
        text_at_fault: Whether what failed would fail with other hosts, too, as far as one can tell.
    """

    text: str
    answers: list[Answer] = field(default_factory=list)
    flags: tuple[str, ...] = ()
    error: str | None = None
    translated: bool = True
    candidate: str | None = None
    evidence: tuple[Finding, ...] = ()
    pieces: int = 1
    text_at_fault: bool = True


def joined(chunks: Sequence[Chunk], results: Sequence[ChunkResult]) -> ChunkResult:
    """The results of several chunks as one; its error says which chunk failed first, and how many more did."""
    errors = [
        f"{result.error} (chunk {number} of {len(results)})"
        for number, result in enumerate(results, 1)
        if result.error is not None
    ]
    more = f", and {len(errors) - 1} more" * (len(errors) > 1)
    rejected = any(result.candidate for result in results)
    return ChunkResult(
        text=join(chunks, [result.text for result in results]),
        answers=[answer for result in results for answer in result.answers],
        flags=tuple(dict.fromkeys(flag for result in results for flag in result.flags)),
        error=f"{errors[0]}{more}" if errors else None,
        translated=any(result.translated for result in results),
        candidate=join(chunks, [result.candidate or result.text for result in results]) if rejected else None,
        evidence=tuple(found for result in results for found in result.evidence),
        pieces=sum(result.pieces for result in results),
        text_at_fault=all(result.text_at_fault for result in results),
    )
