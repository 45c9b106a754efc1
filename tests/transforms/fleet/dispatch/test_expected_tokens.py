from __future__ import annotations

import random

import pytest

from transforms.fleet.dispatch.expected_tokens import REMEMBERED_ANSWERS, TOKENS_PER_CHARACTER, TokenRate, TokenRates


def test_a_column_without_an_answer_has_the_rate_of_prose() -> None:
    assert TokenRate().per_character == TOKENS_PER_CHARACTER


def test_long_answers_count_more_than_short_ones() -> None:
    rate = TokenRate()
    rate.answered(20, 20)
    assert rate.per_character == 1
    rate.answered(2000, 500)
    assert rate.per_character == pytest.approx(520 / 2020, rel=0.01)


def test_answers_vary_and_what_a_column_holds_may_change() -> None:
    rng, rate = random.Random(1), TokenRate()
    for expected in (0.2, 0.6):
        for _ in range(4 * REMEMBERED_ANSWERS):
            characters = rng.randint(20, 400)
            rate.answered(characters, expected * characters * rng.lognormvariate(-0.08, 0.4))
        assert rate.per_character == pytest.approx(expected, rel=0.15)


def test_each_column_and_model_has_a_rate() -> None:
    rates = TokenRates()
    rates.of("mistral:latest", "title").answered(10, 9)
    assert rates.of("mistral:latest", "title").per_character == pytest.approx(0.9)
    assert rates.of("mistral:latest", "body").per_character == TOKENS_PER_CHARACTER
    assert rates.of("qwen3:8b", "title").per_character == TOKENS_PER_CHARACTER
