"""The retry policy alone: which step follows which responses."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.engine.repair_yield import Repair
from transforms.engine.retry_policy import (
    MAX_ATTEMPTS,
    MIN_PIECE_CHARS,
    MIN_REPAIR_PIECE_CHARS,
    Accept,
    Ask,
    GiveUp,
    Response,
    RetryPolicy,
    Split,
    cures,
    fault_of,
    give_up,
)
from transforms.fleet.faults import Failure, RowRejected
from transforms.text import flags
from transforms.text.candidates import Candidate, Checks

SAMPLING = {"temperature": 0.0, "repeat_penalty": 1.0, "top_k": 40}
LONG = 10_000

GOOD = Candidate("The pump.", ())
STRIPPED = Candidate("The pump.", (flags.PREAMBLE_STRIPPED,))
DOUBTFUL = Candidate("The pump 3.", (flags.NUMBER_ADDED,))
DOUBTFUL_TWICE = Candidate("The pump 3?", (flags.NUMBER_ADDED, flags.LINE_COUNT))
BAD = Candidate("La pompe.", (flags.UNTRANSLATED,))
EMPTY = Candidate("", (flags.EMPTY_OUTPUT,))
CUT = RowRejected(Failure.OUTPUT_TRUNCATED, "cut after 9 tokens")
TOO_LONG = RowRejected(Failure.INPUT_TOO_LONG, "the prompt is too long")
PROXY_LIMIT = RowRejected(Failure.GATEWAY_TIMEOUT, "HTTP 504")
ABORTED = RowRejected(Failure.GENERATION_ABORTED, "done is false")


def step(
    *responses: Response,
    chars: int = 50,
    checks: Checks = "repair",
    repairs_rejected: bool = False,
    omitted: Collection[Repair] = (),
    cut_loops: bool = False,
) -> object:
    return RetryPolicy(7, checks).next_step(chars, responses, SAMPLING, repairs_rejected, omitted, cut_loops)


def test_the_first_request_has_the_sampling_of_the_profile() -> None:
    assert step() == Ask(SAMPLING)


@pytest.mark.parametrize("first", [BAD, EMPTY, DOUBTFUL])
def test_the_second_request_differs_in_seed_temperature_and_penalty(first: Candidate) -> None:
    assert step(first) == Ask({"temperature": 0.3, "repeat_penalty": 1.1, "top_k": 40, "seed": 8}, repair=True)


def test_higher_values_of_the_user_stay() -> None:
    sampling = {"temperature": 0.9, "repeat_penalty": 1.5}
    assert RetryPolicy(7).next_step(50, [BAD], sampling) == Ask({**sampling, "seed": 8}, repair=True)


def test_an_answer_that_was_cut_off_gets_twice_the_room_unless_it_loops() -> None:
    second = step(CUT)
    assert isinstance(second, Ask)
    assert second.extended
    assert second.sampling["seed"] == 8
    assert second == replace(step(CUT, cut_loops=True), extended=True)  # type: ignore[type-var]
    assert not getattr(step(BAD), "extended")  # noqa: B009 - the step's type is what is tested


@pytest.mark.parametrize("good", [GOOD, STRIPPED])
def test_a_good_answer_is_accepted_at_once(good: Candidate) -> None:
    assert step(good) == Accept(good)


@pytest.mark.parametrize(
    ("responses", "accepted"),
    [
        ((DOUBTFUL, GOOD), GOOD),
        ((DOUBTFUL_TWICE, DOUBTFUL), DOUBTFUL),
        ((DOUBTFUL, DOUBTFUL_TWICE), DOUBTFUL),
        ((DOUBTFUL, BAD), DOUBTFUL),
        ((BAD, DOUBTFUL), DOUBTFUL),
        ((DOUBTFUL, ABORTED), DOUBTFUL),
        ((DOUBTFUL, TOO_LONG), DOUBTFUL),
        ((CUT, DOUBTFUL), DOUBTFUL),
    ],
)
def test_the_better_of_two_answers_is_accepted(responses: tuple[Response, ...], accepted: Candidate) -> None:
    assert step(*responses, chars=LONG) == Accept(accepted)


@pytest.mark.parametrize("checks", ["off", "flag"])
def test_without_repairs_every_text_is_accepted_and_only_an_empty_answer_asked_for_again(checks: Checks) -> None:
    assert step(BAD, checks=checks) == Accept(BAD)
    assert isinstance(step(EMPTY, checks=checks), Ask)
    assert step(EMPTY, BAD, checks=checks) == Accept(BAD)
    assert isinstance(step(EMPTY, EMPTY, checks=checks), GiveUp)


@pytest.mark.parametrize("responses", [(BAD, BAD), (BAD, EMPTY), (BAD, ABORTED), (CUT, BAD)])
def test_rejected_answers_lead_to_smaller_pieces_once(responses: tuple[Response, ...]) -> None:
    limit = 2 * MIN_REPAIR_PIECE_CHARS
    assert step(*responses, chars=limit + 1) == Split(limit // 2, too_long=False)
    assert isinstance(step(*responses, chars=limit), GiveUp)
    assert isinstance(step(*responses, chars=LONG, repairs_rejected=True), GiveUp)


@pytest.mark.parametrize("responses", [(TOO_LONG,), (CUT, CUT), (CUT, TOO_LONG), (BAD, CUT), (PROXY_LIMIT,)])
@pytest.mark.parametrize("repairs_rejected", [False, True])
def test_what_is_too_long_is_always_split(responses: tuple[Response, ...], repairs_rejected: bool) -> None:
    limit = 2 * MIN_PIECE_CHARS
    repair = responses[-1] is CUT
    expected = Split(MIN_PIECE_CHARS, too_long=True, repair=repair)
    assert step(*responses, chars=limit + 1, repairs_rejected=repairs_rejected) == expected
    expected = replace(expected, max_chars=LONG // 2)
    assert step(*responses, chars=LONG, repairs_rejected=repairs_rejected) == expected
    assert isinstance(step(*responses, chars=limit, repairs_rejected=repairs_rejected), GiveUp)


def test_repairs_that_do_not_pay_are_omitted() -> None:
    assert step(BAD, chars=LONG, omitted=["again"]) == Split(LONG // 2, too_long=False)
    assert isinstance(step(BAD, BAD, chars=LONG, omitted=["halves"]), GiveUp)
    assert isinstance(step(BAD, chars=LONG, omitted=["again", "halves"]), GiveUp)
    assert step(DOUBTFUL, chars=LONG, omitted=["again"]) == Accept(DOUBTFUL)
    assert step(CUT, chars=LONG, omitted=["again"]) == Split(LONG // 2, too_long=True)
    assert isinstance(step(CUT, chars=LONG, omitted=["again", "halves"]), GiveUp)


@pytest.mark.parametrize("limit", [TOO_LONG, PROXY_LIMIT])
def test_what_a_limit_makes_necessary_is_never_omitted(limit: RowRejected) -> None:
    assert step(limit, chars=LONG, omitted=["again", "halves"]) == Split(LONG // 2, too_long=True, repair=False)


@pytest.mark.parametrize(
    ("first", "fault"),
    [
        (Candidate("text", (flags.LENGTH_RATIO, flags.REFUSAL)), flags.REFUSAL),
        (Candidate("text", (flags.PREAMBLE_STRIPPED, flags.NUMBER_MISSING)), flags.NUMBER_MISSING),
        (Candidate("text", (flags.PREAMBLE_STRIPPED,)), flags.PREAMBLE_STRIPPED),
        (Candidate("", ()), flags.EMPTY_OUTPUT),
        (CUT, "output_truncated"),
    ],
)
def test_the_fault_is_the_worst_that_another_answer_may_not_have(first: Response, fault: str) -> None:
    assert fault_of(first) == fault


@pytest.mark.parametrize(
    ("first", "second", "better"),
    [
        (BAD, GOOD, True),
        (BAD, DOUBTFUL, True),
        (EMPTY, DOUBTFUL, True),
        (CUT, DOUBTFUL, True),
        (DOUBTFUL_TWICE, DOUBTFUL, True),
        (DOUBTFUL, DOUBTFUL_TWICE, False),
        (DOUBTFUL, BAD, False),
        (Candidate("x", (flags.UNTRANSLATED, flags.REPETITION)), BAD, False),
        (EMPTY, BAD, False),
        (CUT, EMPTY, False),
    ],
)
def test_a_repair_cures_only_if_the_row_is_better(first: Response, second: Candidate, better: bool) -> None:
    assert cures(second, first) is better


@pytest.mark.parametrize("rejected", [ABORTED, RowRejected(Failure.MODEL_MISSING, "no host has the model")])
def test_a_request_that_no_host_could_answer_is_not_repeated(rejected: RowRejected) -> None:
    assert isinstance(step(rejected, chars=LONG), GiveUp)


def test_the_reason_is_what_is_wrong_with_the_best_answer() -> None:
    worse = Candidate("La pompe la pompe", (flags.UNTRANSLATED, flags.REPETITION))
    expected = GiveUp("untranslated: no answer passed this check", BAD.flags, "La pompe.")
    assert give_up([worse, BAD]) == give_up([BAD, worse]) == give_up([BAD, EMPTY]) == expected
    assert give_up([EMPTY, EMPTY]) == GiveUp("empty_output: empty answer", (flags.EMPTY_OUTPUT,))
    thinking = Candidate("", (flags.EMPTY_OUTPUT, flags.THINK_STRIPPED))
    assert "all thinking" in give_up([thinking]).error


def test_without_an_answer_the_reason_is_the_failed_request() -> None:
    assert give_up([CUT, TOO_LONG]) == GiveUp("input_too_long: the prompt is too long", ("input_too_long",))
    missing = RowRejected(Failure.MODEL_MISSING, "no host has it")
    assert give_up([missing]) == GiveUp("model_missing: no host has it", text_at_fault=False)
    with pytest.raises(TypeError):
        give_up([GOOD])


@pytest.mark.parametrize(
    ("failure", "text_at_fault"),
    [
        (Failure.OUTPUT_TRUNCATED, True),
        (Failure.INPUT_TOO_LONG, True),
        (Failure.GENERATION_ABORTED, True),
        (Failure.MODEL_CRASHED, True),
        (Failure.ONLY_THINKING, False),
        (Failure.GATEWAY_TIMEOUT, False),
        (Failure.PAYLOAD_TOO_LARGE, False),
        (Failure.BAD_REQUEST, False),
        (Failure.TIMEOUT, False),
        (Failure.SERVER_ERROR, False),
    ],
)
def test_a_text_is_at_fault_only_where_other_hosts_would_fail_too(failure: Failure, text_at_fault: bool) -> None:
    assert give_up([RowRejected(failure, "no")]).text_at_fault is text_at_fault
    assert give_up([BAD, RowRejected(failure, "no")]).text_at_fault


def test_the_fallback_model_comes_after_the_own_one_and_never_twice() -> None:
    assert RetryPolicy(7).models("mistral") == ("mistral",)
    assert RetryPolicy(7, fallback_model="qwen3:8b").models("mistral") == ("mistral", "qwen3:8b")
    assert RetryPolicy(7, fallback_model="qwen3:8b").models("qwen3:8b") == ("qwen3:8b",)


RESPONSES = st.sampled_from([GOOD, STRIPPED, DOUBTFUL, DOUBTFUL_TWICE, BAD, EMPTY, CUT, TOO_LONG, ABORTED])


@given(st.lists(RESPONSES, min_size=MAX_ATTEMPTS, max_size=MAX_ATTEMPTS), st.integers(1, LONG), st.booleans())
def test_every_chunk_is_decided_and_nothing_bad_is_ever_accepted(
    script: list[Response], chars: int, repairs_rejected: bool
) -> None:
    responses: list[Response] = []
    while isinstance(decided := step(*responses, chars=chars, repairs_rejected=repairs_rejected), Ask):
        responses.append(script[len(responses)])
    if isinstance(decided, Accept):
        assert decided.candidate in responses
        assert decided.candidate.text
        assert not decided.candidate.hard
    elif isinstance(decided, Split):
        assert decided.max_chars < chars
