from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.sandbox.answering import answer_to, effective_num_ctx, tokens_of, work_seconds
from pipeline.sandbox.calls import Call
from pipeline.sandbox.errors import Refusal
from pipeline.sandbox.settings import HostSettings

NUM_CTX = 512


def call_of(prompt_tokens: int, truncate: bool = True, shift: bool | None = None, **options: Any) -> Call:
    return Call(
        "m", ("bc" * prompt_tokens * 2)[: prompt_tokens * 33 // 10], truncate=truncate, shift=shift, options=options
    )


def answer(call: Call, version: str = "0.33.0") -> Any:
    return answer_to(call, HostSettings(version=version), NUM_CTX, None)


@pytest.mark.parametrize(
    ("version", "kept"), [("0.12.11", 512), ("0.24.0", 512), ("0.30.1", 512), ("0.30.11", 259), ("0.33.0", 259)]
)
def test_a_long_prompt_loses_its_front_in_silence(version: str, kept: int) -> None:
    front, newest = "d'abord. ", "la vanne " * 20
    long = Call("m", front * 300 + newest)
    cut = answer_to(long, HostSettings(version=version), NUM_CTX, None)
    assert cut.prompt_tokens == kept
    assert cut.text.rstrip().endswith("the valve")
    assert len(cut.text) < len(long.prompt)
    assert cut.done_reason == "stop"


def test_0_30_0_counts_only_what_was_not_cached() -> None:
    assert answer(Call("m", f"<source>{'bc' * 33}</source>"), "0.30.0").prompt_tokens == 20
    assert answer(Call("m", f"<source>{'bc' * 33}</source>"), "0.30.1").prompt_tokens == 26


def test_the_limit_is_exact() -> None:
    assert answer(call_of(512, num_predict=9), "0.24.0").prompt_tokens == 512
    assert answer(call_of(513, num_predict=9), "0.24.0").prompt_tokens == 512
    assert answer(call_of(511, num_predict=9)).prompt_tokens == 511
    assert answer(call_of(512, num_predict=9)).prompt_tokens == 259


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("0.12.11", "the input length exceeds the context length"),
        ("0.24.0", "the input length exceeds the context length"),
    ],
)
def test_truncate_false_refuses_a_long_prompt(version: str, text: str) -> None:
    with pytest.raises(Refusal, match=text) as refused:
        answer(call_of(513, truncate=False), version)
    assert refused.value.status == 400


def test_later_versions_nest_the_runners_own_json() -> None:
    with pytest.raises(Refusal) as refused:
        answer(call_of(600, truncate=False))
    error = json.loads(refused.value.error)["error"]
    assert error["message"] == "request (600 tokens) exceeds the available context size (512 tokens), try increasing it"
    assert error["type"] == "exceed_context_size_error"


def test_shift_off() -> None:
    with pytest.raises(Refusal, match="longer than the context length"):
        answer(call_of(600, shift=False))
    cut = answer(call_of(600, shift=False), "0.24.0")
    assert (cut.prompt_tokens, cut.eval_tokens, cut.done_reason) == (512, 1, "length")
    full = answer(call_of(471, shift=False), "0.24.0")
    assert (full.eval_tokens, full.done_reason) == (42, "length")


@pytest.mark.parametrize(
    ("num_predict", "eval_tokens", "done_reason"),
    [(10, 10, "length"), (100, 100, "stop"), (-1, 100, "stop"), (0, 100, "stop")],
)
def test_num_predict_ends_the_answer(num_predict: int, eval_tokens: int, done_reason: str) -> None:
    ended = answer(call_of(100, num_predict=num_predict))
    assert (ended.eval_tokens, ended.done_reason) == (eval_tokens, done_reason)
    assert tokens_of(ended.text) == eval_tokens


def test_without_num_predict_ten_windows_are_the_most() -> None:
    endless = Call("m", "bb " * 8000)
    ended = answer_to(endless, HostSettings(version="0.24.0"), 256, None)
    assert ended.eval_tokens <= 2560


def test_a_stop_sequence_ends_the_answer() -> None:
    assert answer(Call("m", "la vanne STOP la vanne", options={"stop": ["STOP"]})).text == "the valve "


@pytest.mark.parametrize("run", ["." * 31, "-" * 40, "\n" * 31, " \t" * 16])
def test_a_run_of_equal_tokens_aborts(run: str) -> None:
    settings = HostSettings(repeat_abort_characters=31)
    aborted = answer_to(Call("m", f"<source>la vanne {run} la vanne</source>"), settings, NUM_CTX, None)
    assert aborted.aborted
    assert aborted.text.startswith("the valve ")
    assert not aborted.text.endswith("valve")
    with pytest.raises(Refusal, match="token repeat limit reached"):
        answer_to(Call("m", f"la vanne {run}"), settings.changed({"version": "0.34.0"}), NUM_CTX, None)
    assert not answer_to(Call("m", f"la vanne {run[:25]} la"), settings, NUM_CTX, None).aborted


@pytest.mark.parametrize(
    ("num_ctx", "effective"), [(4096, 4096), (0, 4), (-1, 4), (1, 4), (99_999, 32_768), (None, 4096)]
)
def test_num_ctx_has_bounds(num_ctx: int | None, effective: int) -> None:
    assert effective_num_ctx(Call("m", "x", options={"num_ctx": num_ctx}), HostSettings()) == effective


def test_work_depends_on_the_text_and_the_speed_alone() -> None:
    settings = HostSettings(tokens_per_second=100, prompt_tokens_per_second=1000)
    assert work_seconds(settings, "x", 50, 20) == (0.05, 0.2)
    assert work_seconds(HostSettings(), "x", 50, 20) == (0, 0)
    spread = settings.changed({"sigma": 0.6})
    assert work_seconds(spread, "x", 50, 20) == work_seconds(spread, "x", 50, 20)
    factors = [work_seconds(spread, str(i), 50, 20)[1] / 0.2 for i in range(400)]
    assert min(factors) < 0.5
    assert max(factors) > 2
