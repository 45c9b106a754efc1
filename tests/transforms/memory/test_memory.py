from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.memory.stores import entries, key
from transforms.memory import memory as memory_module
from transforms.memory.memory import Memory
from transforms.memory.sqlite_store import SqliteStore
from transforms.memory.store import MemoryUnavailable, Store, StoreStatistics

T = TypeVar("T")


class FakeStore:
    """A store that fails or waits as told."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.batches: list[int] = []
        self.failing = False
        self.go_on = threading.Event()
        self.go_on.set()
        self.calls = 0

    def _called(self) -> None:
        self.calls += 1
        assert self.go_on.wait(10)
        if self.failing:
            raise MemoryUnavailable("the disk is gone")

    def look_up(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        self._called()
        self.batches.append(len(keys))
        return {sought: self.values[sought] for sought in keys if sought in self.values}

    def add(self, some: Sequence[tuple[bytes, bytes]]) -> None:
        self._called()
        self.batches.append(len(some))
        self.values.update(some)

    def statistics(self) -> StoreStatistics:
        raise NotImplementedError

    def prune(self, before: datetime) -> int:
        raise NotImplementedError

    def close(self) -> None:
        self.closed = True


def use(store: Store, call: Callable[[Memory], Awaitable[T]]) -> T:
    async def run() -> T:
        memory = Memory(store)
        try:
            return await call(memory)
        finally:
            await memory.close()

    return asyncio.run(run())


def test_many_tasks_share_few_transactions(tmp_path: Path) -> None:
    store = FakeStore()

    async def call(memory: Memory) -> dict[bytes, bytes]:
        await asyncio.gather(*(memory.remember(*entry) for entry in entries(0, 1000)))
        return await memory.look_up([key(number) for number in range(2000)])

    assert use(store, call) == dict(entries(0, 1000))
    assert store.calls < 10


def test_what_was_handed_over_is_written_before_it_closes(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"

    async def call(memory: Memory) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(memory.remember(*entry)) for entry in entries(0, 50)]
        await asyncio.sleep(0)
        return tasks

    use(SqliteStore(path), call)
    store = SqliteStore(path)
    assert len(store.look_up([key(number) for number in range(50)])) == 50
    store.close()


def test_a_write_returns_only_when_it_is_done() -> None:
    store = FakeStore()
    store.go_on.clear()

    async def call(memory: Memory) -> None:
        task = asyncio.create_task(memory.remember(key(1), b"one"))
        while not store.calls:  # noqa: ASYNC110 - a thread counts
            await asyncio.sleep(0.001)
        assert not task.done()
        store.go_on.set()
        await task
        assert store.values == {key(1): b"one"}

    use(store, call)


def test_a_store_that_fails_costs_no_row_and_is_left_alone_for_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(memory_module, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(memory_module, "GATHER_SECONDS", 0.0)
    store = FakeStore()

    async def call(memory: Memory) -> Memory:
        await memory.remember(key(1), b"one")
        store.failing = True
        for number in range(2, 40):
            await memory.remember(key(number), b"lost")
            assert await memory.look_up([key(1)]) == {}
        assert store.calls < 20, "a store that fails is asked for each row"
        store.failing = False
        while key(99) not in store.values:
            await memory.remember(key(99), b"back")
            await asyncio.sleep(0.005)
        assert await memory.look_up([key(1)]) == {key(1): b"one"}
        return memory

    with caplog.at_level(logging.INFO):
        counters = use(store, call).counters
    assert counters.failed_writes >= 38
    assert counters.failed_lookups >= 38
    assert (counters.hits, counters.misses) == (1, 0)
    assert caplog.text.count("the run goes on without it") == 1
    assert caplog.text.count("works again") == 1


def test_a_mistake_in_the_program_reaches_whoever_asked() -> None:
    store = FakeStore()
    store.values = None  # type: ignore[assignment]

    async def call(memory: Memory) -> None:
        with pytest.raises(TypeError):
            await memory.look_up([key(1)])

    use(store, call)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 8), st.binary(max_size=20)), max_size=40))
def test_it_answers_as_a_dictionary_would(steps: list[tuple[bool, int, bytes]]) -> None:
    expected: dict[bytes, bytes] = {}

    async def call(memory: Memory) -> None:
        for is_write, number, value in steps:
            if is_write:
                await memory.remember(key(number), value)
                expected[key(number)] = value
            else:
                found = await memory.look_up([key(number), key(99)])
                assert found == {sought: kept for sought, kept in expected.items() if sought == key(number)}

    memory_module.GATHER_SECONDS, before = 0.0, memory_module.GATHER_SECONDS
    try:
        use(FakeStore(), call)
    finally:
        memory_module.GATHER_SECONDS = before
