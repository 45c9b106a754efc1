from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.memory.stores import entries, key, redis_server, remember
from transforms.memory import memory as memory_module
from transforms.memory.addresses import open_store
from transforms.memory.memory import Counters, Memory
from transforms.memory.sqlite_store import SqliteStore
from transforms.memory.store import MemoryUnavailable, Store, StoreStatistics

T = TypeVar("T")


class FakeStore:
    """A store that fails or blocks on demand."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.batches: list[int] = []
        self.calls = 0
        self.failing: set[str] = set()
        self.released = threading.Event()
        self.released.set()

    def _called(self, what: str) -> None:
        self.calls += 1
        assert self.released.wait(60)
        if what in self.failing:
            raise MemoryUnavailable("the disk is gone")

    def look_up(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        self._called("look_up")
        self.batches.append(len(keys))
        return {sought: self.values[sought] for sought in keys if sought in self.values}

    def add(self, some: Sequence[tuple[bytes, bytes]]) -> None:
        self._called("add")
        self.batches.append(len(some))
        self.values.update(some)

    def remove(self, keys: Sequence[bytes]) -> None:
        self._called("remove")
        for each in keys:
            self.values.pop(each, None)

    def statistics(self) -> StoreStatistics:
        raise NotImplementedError

    def prune(self, before: datetime) -> int:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open."""


class Clock:
    """A replacement for the module ``time`` whose clock stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Return at once."""


def use(store: Store, call: Callable[[Memory], Awaitable[T]]) -> T:
    async def run() -> T:
        memory = Memory(store)
        try:
            return await call(memory)
        finally:
            await memory.close()

    return asyncio.run(run())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - another thread makes it true
        await asyncio.sleep(0.001)


def test_many_tasks_share_few_transactions() -> None:
    store = FakeStore()

    async def call(memory: Memory) -> dict[bytes, bytes]:
        await asyncio.gather(*(remember(memory, *entry) for entry in entries(0, 1000)))
        return await memory.look_up([key(number) for number in range(2000)])

    assert use(store, call) == dict(entries(0, 1000))
    assert store.calls < 10


def test_queued_entries_are_written_on_close(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"

    async def call(memory: Memory) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(remember(memory, *entry)) for entry in entries(0, 50)]
        await asyncio.sleep(0)
        return tasks

    use(SqliteStore(path), call)
    store = SqliteStore(path)
    assert len(store.look_up([key(number) for number in range(50)])) == 50
    store.close()


def test_a_write_returns_only_when_it_is_durable() -> None:
    store = FakeStore()
    store.released.clear()

    async def call(memory: Memory) -> None:
        task = asyncio.create_task(remember(memory, key(1), b"one"))
        await until(lambda: store.calls > 0)
        assert not task.done()
        store.released.set()
        await task
        assert store.values == {key(1): b"one"}

    use(store, call)


def test_requests_to_a_busy_store_are_batched_within_bounds() -> None:
    store = FakeStore()
    store.released.clear()

    async def call(memory: Memory) -> None:
        tasks = [asyncio.create_task(memory.look_up([key(0)]))]
        await until(lambda: store.calls == 1)
        some = [key(number) for number in range(1000)]
        tasks += [asyncio.create_task(memory.look_up([*some, key(1000 + number)])) for number in range(9)]
        await asyncio.sleep(0)
        store.released.set()
        await asyncio.gather(*tasks)

    use(store, call)
    assert store.batches == [1, 1005, 1004], "each key once, at most 4,096 plus the excess of a single call"


def test_a_write_waits_for_others_to_join_its_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, store = Clock(), FakeStore()
    waiting, released = threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        assert seconds == memory_module.GATHER_SECONDS
        waiting.set()
        released.wait(60)

    monkeypatch.setattr(clock, "sleep", sleep)
    monkeypatch.setattr(memory_module, "time", clock)

    async def call(memory: Memory) -> None:
        tasks = [asyncio.create_task(remember(memory, key(0), b"first"))]
        await until(waiting.is_set)
        assert await memory.look_up([key(0)]) == {}, "reads do not wait"
        tasks += [asyncio.create_task(remember(memory, *entry)) for entry in entries(1, 50)]
        await asyncio.sleep(0)
        released.set()
        await asyncio.gather(*tasks)

    use(store, call)
    assert store.batches == [1, 50]


def test_the_event_loop_is_woken_once_per_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    store = FakeStore()
    woken = 0

    async def call(memory: Memory) -> None:
        loop = asyncio.get_running_loop()
        wake = loop.call_soon_threadsafe

        def counted(*arguments: Any, **keywords: Any) -> asyncio.Handle:
            nonlocal woken
            woken += 1
            return wake(*arguments, **keywords)

        monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
        await asyncio.gather(*(remember(memory, *entry) for entry in entries(0, 500)))
        assert woken == store.calls

    use(store, call)


def test_a_cancelled_task_loses_no_entry_and_does_not_block_others() -> None:
    store = FakeStore()
    store.released.clear()

    async def call(memory: Memory) -> None:
        first, second = (asyncio.create_task(remember(memory, *entry)) for entry in entries(0, 2))
        await until(lambda: store.calls == 1)
        first.cancel()
        await asyncio.sleep(0)
        store.released.set()
        await second
        assert first.cancelled()

    use(store, call)
    assert store.values == dict(entries(0, 2))


def test_requests_after_close_raise() -> None:
    async def call() -> None:
        memory = Memory(FakeStore())
        await memory.close()
        with pytest.raises(RuntimeError, match="is closed"):
            await memory.look_up([key(1)])
        with pytest.raises(RuntimeError, match="is closed"):
            await remember(memory, key(1), b"one")

    asyncio.run(call())


def test_counters() -> None:
    async def call(memory: Memory) -> Counters:
        await asyncio.gather(*(remember(memory, *entry) for entry in entries(0, 3)))
        assert await memory.look_up([key(0), key(1), key(9)]) == dict(entries(0, 2))
        assert await memory.look_up([]) == {}
        return memory.counters

    assert use(FakeStore(), call) == Counters(hits=2, misses=1, written=3)


def test_an_entry_can_be_removed_and_written_again() -> None:
    store = FakeStore()

    async def call(memory: Memory) -> None:
        await asyncio.gather(memory.keep(key(1), b"void"), memory.keep(key(2), b"kept"))
        await memory.remove(key(1))
        assert await memory.look_up([key(1), key(2)]) == {key(2): b"kept"}
        await asyncio.gather(memory.remove(key(2)), memory.keep(key(1), b"new"))
        assert await memory.look_up([key(1), key(2)]) == {key(1): b"new"}
        await asyncio.gather(memory.remove(key(1)), memory.keep(key(1), b"newest"))
        assert await memory.look_up([key(1)]) == {key(1): b"newest"}

    use(store, call)


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


@settings(max_examples=20)
@given(st.lists(st.dictionaries(st.integers(0, 8), st.none() | st.binary(max_size=20), max_size=6), max_size=12))
def test_the_memory_behaves_like_a_dictionary(steps: list[dict[int, bytes | None]]) -> None:
    """Each step concurrently writes the keys that have a value and looks up the others."""
    expected: dict[bytes, bytes] = {}

    async def call(memory: Memory) -> None:
        for step in steps:
            written = {key(number): value for number, value in step.items() if value is not None}
            sought = [key(number) for number, value in step.items() if value is None]
            *found, _ = await asyncio.gather(
                *(memory.look_up([one, key(99)]) for one in sought),
                asyncio.gather(*(remember(memory, *entry) for entry in written.items())),
            )
            assert found == [{one: expected[one]} if one in expected else {} for one in sought]
            expected.update(written)
            assert await memory.look_up([key(number) for number in range(9)]) == expected

    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory_module, "GATHER_SECONDS", 0.0)
        use(SqliteStore(Path(folder) / "memory.sqlite"), call)
