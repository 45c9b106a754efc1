"""Large texts: the loop stays responsive, and nothing is lost."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.conftest import MakeHost
from tests.transforms.engine.engines import SENTENCE, StartEngine, submit, translate
from transforms.engine import engine as engine_module
from transforms.engine import large_texts
from transforms.engine.large_texts import CHUNKS_AT_ONCE, LARGE_CHARS, call, gather_few
from transforms.errors import RunStopped
from transforms.text.request.gate import Gate

LINES = 3_000
"""Of the very long text, which has many more chunks than are in progress at once."""


def test_only_work_on_large_texts_goes_to_a_thread() -> None:
    async def threads() -> list[str]:
        def name(_: str) -> str:
            return threading.current_thread().name

        return [await call(chars, name, "text") for chars in (0, LARGE_CHARS, LARGE_CHARS + 1)]

    small, limit, large = asyncio.run(threads())
    assert small == limit == threading.current_thread().name
    assert large != small


@pytest.mark.parametrize("count", [0, 1, 2, 3 * CHUNKS_AT_ONCE])
def test_results_are_in_order_and_few_calls_are_in_progress(count: int) -> None:
    in_progress: set[int] = set()
    most = 0

    async def double(number: int) -> int:
        nonlocal most
        in_progress.add(number)
        most = max(most, len(in_progress))
        await asyncio.sleep(0)
        in_progress.remove(number)
        return 2 * number

    results = asyncio.run(gather_few(double, range(count)))
    assert results == [2 * number for number in range(count)]
    assert most == min(count, CHUNKS_AT_ONCE)


def test_an_error_ends_the_call() -> None:
    async def fail(number: int) -> int:
        raise ZeroDivisionError(number)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(gather_few(fail, range(2 * CHUNKS_AT_ONCE)))


def test_a_very_long_text_is_translated_whole_beside_others(
    sandbox_host: MakeHost, start_engine: StartEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_texts, "CHUNKS_AT_ONCE", 32)
    engine = start_engine([sandbox_host(num_parallel=16)], slots=16)
    large = "".join(f"Le rapport {number} est prêt.\n" for number in range(LINES))
    pending = submit(engine, [large])
    small = translate(engine, *[f"Le rapport {number} est prêt." for number in range(50)])
    assert [result.outcome.status for result in small] == ["ok"] * 50
    (result,) = pending.result(100)
    assert result.outcome.status == "ok"
    assert (result.outcome.translation or "").splitlines() == [f"The report {n} is ready." for n in range(LINES)]


def test_an_answer_of_megabytes_costs_its_own_text_only(sandbox_host: MakeHost, start_engine: StartEngine) -> None:
    text = "La vanne fuit beaucoup."
    host = sandbox_host(translations=[(text, "word " * 2_000_000)])
    engine = start_engine([host])
    results = translate(engine, SENTENCE, text, *[f"Le rapport {number} est prêt." for number in range(50)])
    assert [result.outcome.status for result in results] == ["ok", "failed", *["ok"] * 50]
    assert len(results[1].candidate or "") < LARGE_CHARS


def test_a_stop_does_not_wait_for_work_on_a_large_text(
    sandbox_host: MakeHost, start_engine: StartEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "KEEP_SECONDS", 0.1)
    begun, released = threading.Event(), threading.Event()

    def block(text: str) -> Gate:
        if len(text) > LARGE_CHARS:
            begun.set()
            assert released.wait(60)
        return Gate.NON_LINGUISTIC

    monkeypatch.setattr("transforms.engine.translator.classify", block)
    engine = start_engine([sandbox_host()])
    pending = submit(engine, ["1 " * LARGE_CHARS])
    assert begun.wait(30)
    engine.stop()
    with pytest.raises(RunStopped):
        pending.result(30)
    engine.close()
    assert not released.is_set()
    released.set()
