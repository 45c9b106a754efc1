from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from transforms.errors import UsageError
from transforms.text import prompts
from transforms.text.budget import Budget, estimate_tokens
from transforms.text.chunks import join, split
from transforms.text.sanitize import sanitize

BUDGET = Budget.of(prompts.GENERAL, 4096)
SMALL = Budget(num_ctx=600, overhead_tokens=200)

PIECES = [
    *("Le technicien a remplacé la pompe. ", "«\u202fOui\u202f»", "\n", "\n\n", "\r\n", "   ", "\u00a0", "4512"),
    *("👍🏽", "e\u0301", "客户", "......", "-----", "https://exemple.fr/a?b=1 ", "| a | b |\n", "\t", "<p>"),
    *("</source>", "{text}", "a" * 50),
]
texts = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=200).map("".join))


@settings(max_examples=300, deadline=None)
@given(texts, st.sampled_from([BUDGET, SMALL]), st.integers(100, 3000), st.booleans())
@example("", SMALL, 100, True)
@example(" \n ", SMALL, 100, True)
@example("a" * 5000, SMALL, 2000, False)
@example("a\r\n" * 800, SMALL, 100, False)
@example("👍" * 3000, SMALL, 2000, False)
def test_the_pieces_are_the_text_and_none_is_over_budget(
    text: str, budget: Budget, chunk_chars: int, always: bool
) -> None:
    text = sanitize(text)
    chunks = split(text, budget, chunk_chars, always)
    assert "".join(chunk.leading + chunk.core + chunk.trailing for chunk in chunks) == text
    for chunk in chunks:
        assert budget.fits(chunk.core)
        assert chunk.core == chunk.core.strip()
        assert chunk.core or len(chunks) == 1
        assert not (chunk.leading + chunk.trailing).strip()
    if "\r\n" not in text and "\n" not in text:
        assert join(chunks, [chunk.core for chunk in chunks]) == text


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "👍" * 300_000,
        "." * 100_000,
        "Le mot est long. " * 60_000,
        "\n" * 100_000 + "fin",
        "4512 " * 9000,
    ],
    ids=["one word", "emoji", "dots", "sentences", "line ends", "numbers"],
)
def test_texts_of_any_size_and_density(text: str) -> None:
    chunks = split(text, BUDGET, 2000)
    assert "".join(chunk.leading + chunk.core + chunk.trailing for chunk in chunks) == text
    assert all(BUDGET.fits(chunk.core) for chunk in chunks)


def test_a_text_that_fits_stays_whole() -> None:
    text = "Le technicien a remplacé la pompe du bâtiment. " * 60
    assert len(text) > 2000
    assert len(split(text, BUDGET, 2000)) == 1


def test_paragraphs_are_cut_before_sentences_and_pieces_are_about_equal() -> None:
    rng = random.Random(1)
    paragraphs = ["La phrase est simple. " * rng.randint(8, 20) for _ in range(40)]
    chunks = split("\n\n".join(paragraphs), BUDGET, 2000)
    assert all("\n\n" in one.trailing + two.leading for one, two in itertools.pairwise(chunks))
    assert min(len(chunk.core) for chunk in chunks) > 400


def test_words_are_not_cut_where_there_are_spaces() -> None:
    words = [f"mot{number}" for number in range(4000)]
    chunks = split(" ".join(words), BUDGET, 2000)
    assert [word for chunk in chunks for word in chunk.core.split()] == words


def test_white_space_and_line_ends_are_put_back() -> None:
    chunks = split("  Première ligne.\r\nSeconde ligne.\r\n", BUDGET, 2000)
    assert join(chunks, ["First line.\nSecond line."]) == "  First line.\r\nSecond line.\r\n"


def test_the_estimate_is_safe_for_dense_text() -> None:
    assert estimate_tokens("客户对产品质量不满意") >= 10
    assert estimate_tokens("👍👍👍") >= 6
    assert estimate_tokens("0123456789") >= 10
    french = "Le technicien a remplacé la pompe du bâtiment et contrôlé la pression pendant dix minutes."
    assert len(french) / 4 < estimate_tokens(french) < len(french) / 2.4


@given(st.text(), st.text())
def test_a_cut_never_makes_the_estimate_smaller(one: str, other: str) -> None:
    assert estimate_tokens(one) + estimate_tokens(other) >= estimate_tokens(one + other)


@given(st.integers(0, 1200))
def test_prompt_and_answer_fit_the_context_together(tokens: int) -> None:
    tokens = min(tokens, BUDGET.max_source_tokens)
    most = BUDGET.most_predict_for(tokens)
    assert 1 <= BUDGET.num_predict_for(tokens) <= most
    assert BUDGET.overhead_tokens + tokens + most <= 4096


def test_a_context_without_room_is_the_users_mistake() -> None:
    with pytest.raises(UsageError, match="--num_ctx 512 leaves no room"):
        Budget.of(prompts.GENERAL, 512)
