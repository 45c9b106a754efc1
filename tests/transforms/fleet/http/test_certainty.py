"""Certainty of answers: means over tokens, and the least certain window."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.fleet.http.certainty import WINDOW_TOKENS, Certainty, TokenLogprob, as_token, certainty_of, combined

logprobs = st.lists(st.floats(-50, 0), min_size=1, max_size=60)


def tokens(values: list[Any]) -> list[TokenLogprob]:
    return [TokenLogprob(3, value) for value in values]


@given(logprobs)
def test_the_mean_and_the_lowest_window_are_those_of_the_definition(values: list[float]) -> None:
    found = certainty_of(tokens(values))
    assert found is not None
    size = min(WINDOW_TOKENS, len(values))
    windows = [sum(values[start : start + size]) / size for start in range(len(values) - size + 1)]
    assert found.tokens == len(values)
    assert found.mean == pytest.approx(sum(values) / len(values))
    assert found.least == pytest.approx(min(*windows, found.mean), abs=1e-9)
    assert found.least <= found.mean <= 0


@given(st.lists(logprobs, min_size=1, max_size=6))
def test_chunks_combine_as_if_their_tokens_were_one_answers(chunks: list[list[float]]) -> None:
    found = combined([certainty_of(tokens(values)) for values in chunks])
    every = [value for values in chunks for value in values]
    assert found is not None
    assert found.tokens == len(every)
    assert found.mean == pytest.approx(sum(every) / len(every))


def test_a_few_improbable_tokens_in_a_row_are_found_in_a_long_answer() -> None:
    values = [-0.1] * 500
    values[200 : 200 + WINDOW_TOKENS] = [-4.0] * WINDOW_TOKENS
    found = certainty_of(tokens(values))
    assert found is not None
    assert found.least == pytest.approx(-4.0)
    assert found.mean > -0.2


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 0.5, "x", None, True])
def test_one_impossible_value_makes_all_unknown(value: Any) -> None:
    assert certainty_of(tokens([-0.5, value, -0.5])) is None


def test_the_rounding_of_a_host_is_not_impossible() -> None:
    assert certainty_of(tokens([1e-7, 0, -1.5])) == Certainty(3, -0.5, -0.5)


@pytest.mark.parametrize("value", [None, 1, "x", [], [{"token": "a"}], [-0.5], {"token": "a", "logprob": -1}])
def test_anything_else_than_a_list_of_tokens_is_unknown(value: Any) -> None:
    assert certainty_of(value) is None


def test_the_hook_shortens_tokens_and_nothing_else() -> None:
    text = (
        '{"logprobs": [{"token": "été", "logprob": -1.5, "bytes": [195]}], "other": {"token": 3}, "a": {"logprob": 1}}'
    )
    assert json.loads(text, object_hook=as_token) == {
        "logprobs": [TokenLogprob(3, -1.5)],
        "other": {"token": 3},
        "a": {"logprob": 1},
    }


def test_the_text_at_the_end_may_be_all_that_counts() -> None:
    thought, text = [TokenLogprob(4, -9.0)] * 20, [TokenLogprob(4, -1.0)] * 5
    assert certainty_of([*thought, *text], 19) == Certainty(5, -1.0, -1.0)
    assert certainty_of([*thought, *text], 0) is None


def test_a_text_is_unknown_if_one_of_its_chunks_is() -> None:
    known = Certainty(5, -1.0, -2.0)
    assert combined([known, None]) is None
    assert combined([]) is None
    assert combined([known]) == known
    assert combined([known, Certainty(15, -2.0, -1.5)]) == Certainty(20, -1.75, -2.0)
