from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.fleet.raw_host import GOOD
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.http.answers import Answer, accept
from transforms.fleet.http.certainty import Certainty, TokenLogprob

HOST = "http://gpu0:11434"


def accepted(**changes: Any) -> Answer:
    return accept({**GOOD, **changes}, HOST, "mistral", 100)


def test_a_complete_answer() -> None:
    answer, ms = accepted(), 1_000_000
    assert answer == Answer(GOOD["response"], HOST, "mistral", "stop", 4 * ms, ms, ms, 2 * ms, 10, 5)
    assert (answer.queue_duration_ns, answer.service_duration_ns) == (0, 4 * ms)


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"done": False}, Failure.GENERATION_ABORTED),
        ({"done": "true"}, Failure.NOT_JSON),
        ({"done": None}, Failure.NOT_JSON),
        ({"done_reason": "length"}, Failure.OUTPUT_TRUNCATED),
        ({"done_reason": "load"}, Failure.UNEXPECTED_ANSWER),
        ({"done_reason": ["stop"]}, Failure.UNEXPECTED_ANSWER),
        ({"done_reason": None}, Failure.UNEXPECTED_ANSWER),
        ({"model": "llama3"}, Failure.UNEXPECTED_ANSWER),
        ({"model": 5}, Failure.UNEXPECTED_ANSWER),
        ({"response": None}, Failure.UNEXPECTED_ANSWER),
        ({"response": ["text"]}, Failure.UNEXPECTED_ANSWER),
        ({"response": "x" * 6000}, Failure.ANSWER_TOO_LARGE),
        ({"response": " ", "thinking": "The user wants"}, Failure.ONLY_THINKING),
        ({"response": "", "thinking": "The user", "done_reason": "length"}, Failure.ONLY_THINKING),
    ],
)
def test_what_is_not_accepted(changes: dict[str, Any], failure: Failure) -> None:
    with pytest.raises(RequestFailed) as failed:
        accepted(**changes)
    assert failed.value.failure is failure
    assert failed.value.host == HOST
    assert "The user" not in str(failed.value)


def test_an_answer_may_think_before_it_speaks() -> None:
    assert accepted(thinking="The user wants").text == GOOD["response"]


def test_the_tokens_of_thoughts_do_not_count_for_the_certainty() -> None:
    tokens = [TokenLogprob(8, -9.0), TokenLogprob(2, -8.0)]
    tokens += [TokenLogprob(1, -0.5)] * len(GOOD["response"])
    assert accepted(logprobs=tokens, thinking="The user").certainty == Certainty(len(GOOD["response"]), -0.5, -0.5)
    everything = accepted(logprobs=tokens).certainty
    assert everything is not None
    assert everything.tokens == len(tokens)


def test_ollama_omits_the_duration_of_a_single_token() -> None:
    ms = 1_000_000
    empty = accepted(response="", eval_count=1, eval_duration=None)
    assert (empty.eval_duration_ns, empty.queue_duration_ns) == (None, None)
    assert (empty.service_duration_ns, empty.waited_ns) == (2 * ms, 2 * ms)
    hidden = accepted(eval_duration=None)
    assert (hidden.service_duration_ns, hidden.waited_ns) == (None, None)
    bare = accepted(
        total_duration=None, load_duration=None, prompt_eval_duration=None, eval_duration=None, eval_count=None
    )
    assert (bare.service_duration_ns, bare.waited_ns) == (None, None)


def test_an_empty_answer_is_left_to_the_checks() -> None:
    assert accepted(response="", thinking="").text == ""


numbers = st.one_of(st.integers(), st.floats(allow_nan=True), st.none(), st.text(), st.booleans())


@given(numbers, numbers, numbers, numbers, numbers)
def test_whatever_the_numbers_are_they_are_true_or_unknown(
    total: Any, load: Any, prompt_eval: Any, evaluation: Any, count: Any
) -> None:
    answer = accepted(
        total_duration=total,
        load_duration=load,
        prompt_eval_duration=prompt_eval,
        eval_duration=evaluation,
        eval_count=count,
    )
    for value in (answer.load_duration_ns, answer.prompt_eval_duration_ns, answer.eval_duration_ns):
        assert value is None or (answer.total_duration_ns is not None and 0 <= value <= answer.total_duration_ns)
    assert answer.eval_count is None or answer.eval_count >= 0
    for part in (answer.queue_duration_ns, answer.service_duration_ns, answer.waited_ns):
        assert part is None or (answer.total_duration_ns is not None and 0 <= part <= answer.total_duration_ns)
