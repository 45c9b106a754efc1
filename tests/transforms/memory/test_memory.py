from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.memory.faulty_store import Clock, FakeStore, until, use
from tests.transforms.memory.stores import entries, key, remember
from transforms.memory import memory as memory_module
from transforms.memory.memory import Counters, Memory
from transforms.memory.sqlite_store import SqliteStore


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
