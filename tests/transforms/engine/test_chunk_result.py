from __future__ import annotations

from transforms.engine.chunk_result import ChunkResult, joined
from transforms.fleet.http.answers import Answer
from transforms.text.findings import Finding
from transforms.text.request.chunks import Chunk

CHUNKS = (Chunk("", "Bonjour.", " "), Chunk("", "Merci.", "\n\n"), Chunk("", "Au revoir.", ""))


def answer(text: str) -> Answer:
    return Answer(text, "http://host:11434", "mistral", "stop", None, None, None, None, None, None)


def good(text: str, *flags: str) -> ChunkResult:
    return ChunkResult(text, [answer(text)], flags, evidence=tuple(map(Finding, flags)), pieces=2)


def failed(source: str, error: str, candidate: str | None = None, text_at_fault: bool = True) -> ChunkResult:
    return ChunkResult(source, [], ("refusal",), error, False, candidate, text_at_fault=text_at_fault)


def test_good_chunks_are_one_good_text_with_the_white_space_between_them() -> None:
    whole = joined(CHUNKS, [good("Hello.", "numbers"), good("Thanks.", "ratio", "numbers"), good("Goodbye.")])
    assert whole.text == "Hello. Thanks.\n\nGoodbye."
    assert [each.text for each in whole.answers] == ["Hello.", "Thanks.", "Goodbye."]
    assert whole.flags == ("numbers", "ratio")
    assert [finding.flag for finding in whole.evidence] == ["numbers", "ratio", "numbers"]
    assert (whole.error, whole.candidate, whole.translated, whole.pieces) == (None, None, True, 6)


def test_a_failed_chunk_leaves_its_source_and_says_which_it_is() -> None:
    whole = joined(CHUNKS, [good("Hello."), failed("Merci.", "refusal: no"), good("Goodbye.")])
    assert whole.text == "Hello. Merci.\n\nGoodbye."
    assert whole.error == "refusal: no (chunk 2 of 3)"
    assert whole.translated
    assert whole.candidate is None


def test_several_failed_chunks_are_counted_and_their_candidates_joined() -> None:
    results = [failed("Bonjour.", "refusal: no", "I cannot."), good("Thanks."), failed("Au revoir.", "timeout: late")]
    whole = joined(CHUNKS, results)
    assert whole.error == "refusal: no (chunk 1 of 3), and 1 more"
    assert whole.candidate == "I cannot. Thanks.\n\nAu revoir."


def test_a_text_is_untranslated_only_if_all_its_chunks_are_and_at_fault_only_then() -> None:
    faults = [failed(chunk.core, "refusal: no", text_at_fault=chunk.core != "Merci.") for chunk in CHUNKS]
    whole = joined(CHUNKS, faults)
    assert not whole.translated
    assert not whole.text_at_fault
    assert joined(CHUNKS[:1], faults[:1]).text_at_fault
