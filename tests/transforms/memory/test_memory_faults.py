"""A store that fails, hangs or returns: it costs no row, is reported once, and is used again."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from tests.transforms.memory.faulty_store import Clock, FakeStore, until, use
from tests.transforms.memory.stores import key, redis_server, remember
from transforms.memory import memory as memory_module
from transforms.memory.addresses import open_store
from transforms.memory.memory import Counters, Memory


def test_a_failing_store_costs_no_row_and_is_reported_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    monkeypatch.setattr(memory_module, "time", clock)
    store = FakeStore()

    async def call(memory: Memory) -> Counters:
        await remember(memory, key(1), b"one")
        store.failing = {"look_up", "add"}
        for number in range(2, 40):
            await remember(memory, key(number), b"lost")
            assert await memory.look_up([key(1), key(2)]) == {}
        assert store.calls == 3, "a failing store was called for each row"
        store.failing = set()
        clock.now += 1.0
        await remember(memory, key(99), b"back")
        assert "works again" not in caplog.text, "no read has succeeded yet"
        assert await memory.look_up([key(1)]) == {key(1): b"one"}
        return memory.counters

    with caplog.at_level(logging.INFO):
        counters = use(store, call)
    assert counters == Counters(hits=1, misses=0, written=2, failed_lookups=2 * 38, failed_writes=38)
    logged = [(record.levelname, record.message) for record in caplog.records if record.name == memory_module.__name__]
    assert [level for level, _ in logged] == ["WARNING", "INFO", "WARNING"]
    assert "the disk is gone" in logged[0][1]
    assert "works again" in logged[1][1]
    assert logged[2][1].startswith("38 translations could not be stored")


def test_a_failing_store_is_retried_after_growing_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(memory_module, "time", clock)
    store = FakeStore()
    store.failing = {"look_up"}

    async def call(memory: Memory) -> None:
        await memory.look_up([key(0)])
        for calls, pause_seconds in enumerate((1, 2, 4, 8, 16, 30, 30), start=1):
            clock.now += pause_seconds - 0.001
            await memory.look_up([key(0)])
            assert store.calls == calls
            clock.now += 0.002
            await memory.look_up([key(0)])
            assert store.calls == calls + 1

    use(store, call)


def test_requests_queued_before_a_failure_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module, "time", Clock())
    store = FakeStore()
    store.failing = {"look_up"}
    store.released.clear()

    async def call(memory: Memory) -> None:
        first = asyncio.create_task(memory.look_up([key(0)]))
        await until(lambda: store.calls == 1)
        second = asyncio.create_task(memory.look_up([key(1)]))
        await asyncio.sleep(0)
        store.released.set()
        assert (await first, await second) == ({}, {})

    use(store, call)
    assert store.calls == 1


def test_a_full_disk_does_not_prevent_reads(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    monkeypatch.setattr(memory_module, "time", clock)
    store = FakeStore()

    async def call(memory: Memory) -> None:
        await remember(memory, key(1), b"one")
        store.failing = {"add"}
        for number in range(2, 10):
            await remember(memory, key(number), b"lost")
            assert await memory.look_up([key(1)]) == {key(1): b"one"}
            clock.now += 100.0
        store.failing = set()
        await remember(memory, key(99), b"back")

    with caplog.at_level(logging.INFO):
        use(store, call)
    assert caplog.text.count("continuing without it, and retrying") == 1
    assert caplog.text.count("works again") == 1


def test_only_the_retrying_task_waits_for_a_hung_store(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(memory_module, "time", clock)
    store = FakeStore()
    store.failing = {"look_up", "add"}

    async def call(memory: Memory) -> None:
        await memory.look_up([key(0)])
        await remember(memory, key(0), b"lost")
        clock.now += 2.0
        store.released.clear()
        trying = [asyncio.create_task(memory.look_up([key(0)])), asyncio.create_task(remember(memory, key(0), b"lost"))]
        await until(lambda: store.calls == 4)
        for _ in range(5):
            assert await memory.look_up([key(0)]) == {}
            await remember(memory, key(0), b"lost")
        assert not any(task.done() for task in trying)
        store.failing = set()
        store.released.set()
        await asyncio.gather(*trying)
        assert await memory.look_up([key(0)]) == {key(0): b"lost"}

    use(store, call)


def test_a_server_that_returns_is_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    monkeypatch.setattr(memory_module, "time", clock)
    with redis_server(tmp_path) as url:
        store = open_store(url)

    async def call(memory: Memory) -> None:
        await remember(memory, key(1), b"lost")
        assert await memory.look_up([key(1)]) == {}
        clock.now += 1.0
        with redis_server(tmp_path, port=int(url.split(":")[-1].partition("/")[0])):
            await remember(memory, key(1), b"one")
            assert await memory.look_up([key(1)]) == {key(1): b"one"}

    with caplog.at_level(logging.INFO):
        use(store, call)
    assert caplog.text.count("continuing without it, and retrying") == 1
    assert caplog.text.count("works again") == 1


def test_a_bug_in_the_store_is_raised_in_the_caller() -> None:
    store = FakeStore()
    store.values = None  # type: ignore[assignment]

    async def call(memory: Memory) -> None:
        with pytest.raises(TypeError):
            await memory.look_up([key(1)])

    use(store, call)
