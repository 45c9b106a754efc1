from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.transforms.text.texts import HARD, HUGE, mixtures
from transforms.text.request import prompts
from transforms.text.request.budget import Budget, estimate_tokens
from transforms.text.request.chunks import Chunk, contexts, join, split
from transforms.text.request.gate import is_blank
from transforms.text.request.sanitize import sanitize

BUDGET = Budget.of(prompts.GENERAL, 4096)
SMALL = Budget(num_ctx=600, overhead_tokens=200)


def check(text: str, chunks: list[Chunk], budget: Budget, chunk_chars: int) -> None:
    assert "".join(chunk.leading + chunk.core + chunk.trailing for chunk in chunks) == text
    assert join(chunks, [chunk.core for chunk in chunks]) == text
    for chunk in chunks:
        assert budget.fits(chunk.core)
        assert chunk.core == chunk.core.strip()
        assert is_blank(chunk.leading + chunk.trailing)
        if len(chunks) > 1:
            assert not is_blank(chunk.core)
            assert len(chunk.core) <= chunk_chars


@settings(max_examples=300)
@given(mixtures, st.sampled_from([BUDGET, SMALL]), st.integers(2, 3000), st.booleans())
@example("", SMALL, 100, True)
@example(" \n ", SMALL, 100, True)
@example("\u200b" * 500, SMALL, 100, True)
@example("\ufe0f" * 500 + "a", SMALL, 100, True)
@example("a" * 5000, SMALL, 2000, False)
@example("a\r\n" * 800, SMALL, 100, False)
@example("a\r\nb\n" * 800, SMALL, 100, False)
@example("a \r\n" * 50, SMALL, 2, True)
@example("👍" * 3000, SMALL, 2000, False)
@example("x" + "\u0301" * 3000, SMALL, 2000, False)
def test_chunks_preserve_the_text_and_keep_within_budget(
    text: str, budget: Budget, chunk_chars: int, always: bool
) -> None:
    text = sanitize(text)
    check(text, split(text, budget, chunk_chars, always), budget, chunk_chars)


@settings(max_examples=50)
@given(st.lists(st.sampled_from([*HARD.values(), "\n", "\r\n\r\n", "  "]), min_size=150, max_size=400).map("".join))
def test_long_mixed_texts_are_cut_correctly(text: str) -> None:
    text = sanitize(text)
    check(text, split(text, BUDGET, 2000), BUDGET, 2000)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_any_huge_text_is_cut_in_linear_time(text: str) -> None:
    text = sanitize(text)
    check(text, split(text, BUDGET, 2000), BUDGET, 2000)


@pytest.mark.parametrize("text", HARD.values(), ids=HARD)
def test_hard_texts_are_restored_unchanged(text: str) -> None:
    text = sanitize(text)
    chunks = split(text, BUDGET, 2000)
    assert len(chunks) == 1
    check(text, chunks, BUDGET, 2000)


def test_a_text_that_fits_stays_whole_unless_it_must_be_cut() -> None:
    text = "Le technicien a remplacé la pompe du bâtiment. " * 50
    assert len(text) > 2000
    assert len(split(text, BUDGET, 2000)) == 1
    assert len(split(text, BUDGET, 2000, always=True)) == 2


@given(mixtures.map(lambda text: sanitize(text).strip()), st.integers(0, 3))
def test_a_forced_cut_always_yields_smaller_pieces(text: str, extra: int) -> None:
    text = f"a{text}b{'c' * extra}"
    chunks = split(text, BUDGET, max(1, len(text) // 2), always=True)
    assert all(len(chunk.core) < len(text) for chunk in chunks)


def test_texts_are_cut_between_paragraphs_if_possible() -> None:
    rng = random.Random(1)
    paragraphs = ["La phrase est simple. " * rng.randint(8, 20) for _ in range(40)]
    chunks = split("\n\n".join(paragraphs), BUDGET, 2000)
    assert all("\n\n" in one.trailing + two.leading for one, two in itertools.pairwise(chunks))


def test_texts_are_cut_after_sentences_else_between_words() -> None:
    chunks = split("La phrase est simple et courte. " * 400, BUDGET, 2000)
    assert all(chunk.core.endswith(".") for chunk in chunks)
    words = [f"mot{number}" for number in range(4000)]
    chunks = split(" ".join(words), BUDGET, 2000)
    assert [word for chunk in chunks for word in chunk.core.split()] == words


@pytest.mark.parametrize("sentences", [130, 200, 320, 1000])
def test_pieces_are_large_and_of_similar_size(sentences: int) -> None:
    text = " ".join(f"La pièce numéro {number} est arrivée hier." for number in range(sentences))
    chunks = split(text, BUDGET, 2000)
    sizes = [len(chunk.core) for chunk in chunks]
    assert len(chunks) <= 1.2 * len(text) / 2000 + 1
    assert min(sizes) >= max(sizes) / 2


def test_the_token_limit_applies_to_dense_texts() -> None:
    text = "4512 8830 17 " * 800
    sizes = [len(chunk.core) for chunk in split(text, BUDGET, 2000)]
    assert max(sizes) < 1700
    assert min(sizes) >= max(sizes) / 2


def test_line_ends_and_composed_emoji_are_never_cut() -> None:
    chunks = split("👨‍👩‍👧‍👦" * 2000, BUDGET, 2000)
    assert len(chunks) > 1
    assert {chunk.core.replace("👨‍👩‍👧‍👦", "") for chunk in chunks} == {""}
    chunks = split("mot\r\n" * 3000, BUDGET, 2000)
    assert len(chunks) > 1
    assert all((chunk.leading + chunk.trailing).replace("\r\n", "") == "" for chunk in chunks)


@pytest.mark.parametrize(
    ("source", "translation", "joined"),
    [
        ("  Une ligne.\r\nDeux.\r\n", "One line.\nTwo.", "  One line.\r\nTwo.\r\n"),
        ("Une ligne.\r\nDeux.", "One line.\r\nTwo.", "One line.\r\nTwo."),
        ("Une ligne.\nDeux.\n\n", "One line.\nTwo.", "One line.\nTwo.\n\n"),
        ("Une ligne.\r\nDeux.\nTrois.", "One line.\nTwo.\nThree.", "One line.\nTwo.\nThree."),
        ("\u00a0Une ligne.\t", "One\nline.", "\u00a0One\nline.\t"),
    ],
)
def test_join_restores_white_space_and_line_ends(source: str, translation: str, joined: str) -> None:
    assert join(split(source, BUDGET, 2000), [translation]) == joined


def test_join_requires_one_translation_per_chunk() -> None:
    with pytest.raises(ValueError, match="shorter"):
        join(split("Le mot est long. " * 500, BUDGET, 2000), ["one"])


@given(mixtures, st.integers(1, 500))
def test_the_context_of_a_chunk_is_the_text_right_before_it(text: str, max_chars: int) -> None:
    text = sanitize(text)
    chunks = split(text, BUDGET, 200, always=True)
    for number, context in enumerate(contexts(chunks, max_chars)):
        before = join(chunks[:number], [chunk.core for chunk in chunks[:number]])
        assert len(context) <= max_chars
        assert before.strip().endswith(context)
        assert estimate_tokens(context) <= max_chars // 2


def test_a_context_begins_at_a_sentence_or_a_word() -> None:
    chunks = [Chunk("", "La pompe fuit depuis lundi. Le joint est usé.", " "), Chunk("", "Il est remplacé.", "")]
    assert contexts(chunks, 100) == ["", "La pompe fuit depuis lundi. Le joint est usé."]
    assert contexts(chunks, 28) == ["", "Le joint est usé."]
    assert contexts(chunks, 13) == ["", "est usé."]
    assert contexts(chunks, 0) == ["", ""]
    assert contexts(chunks, 100, "Avant. ")[0] == "Avant."
