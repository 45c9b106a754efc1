from __future__ import annotations

import random
import threading
from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.engine.window import HELD_BYTES, HELD_WINDOWS, MIN_TEXTS, TEXTS_PER_SLOT, SlidingWindow


def add(window: SlidingWindow[str], name: str, texts: int, size_bytes: int = 10) -> Future[None]:
    future: Future[None] = Future()
    window.add(name, future, texts, size_bytes)
    return future


def finish(window: SlidingWindow[str], future: Future[None], texts: int) -> None:
    window.texts_done(texts)
    future.set_result(None)


def test_there_is_room_until_too_many_texts_are_unfinished() -> None:
    window: SlidingWindow[str] = SlidingWindow(lambda: 1)
    first = add(window, "first", MIN_TEXTS)
    assert not window.has_room()
    window.texts_done(1)
    assert window.has_room()
    finish(window, first, MIN_TEXTS - 1)
    assert list(window.drain()) == ["first"]


def test_the_window_grows_with_the_capacity_of_the_fleet() -> None:
    assert SlidingWindow[str](lambda: 1000).size() == 1000 * TEXTS_PER_SLOT


def test_one_slow_row_does_not_block_until_too_many_rows_wait_behind_it() -> None:
    window: SlidingWindow[str] = SlidingWindow(lambda: 1)
    add(window, "slow", 1)
    submitted = 1
    while window.has_room():
        finish(window, add(window, "quick", 64), 64)
        submitted += 64
    assert HELD_WINDOWS * MIN_TEXTS <= submitted <= HELD_WINDOWS * MIN_TEXTS + 64


def test_the_bytes_behind_a_slow_row_are_bounded_too() -> None:
    window: SlidingWindow[str] = SlidingWindow(lambda: 1)
    add(window, "slow", 1)
    finish(window, add(window, "huge", 1, HELD_BYTES), 1)
    assert not window.has_room()


def test_a_batch_above_every_bound_is_still_sent_alone() -> None:
    window: SlidingWindow[str] = SlidingWindow(lambda: 1)
    assert window.has_room()
    add(window, "huge", 10 * MIN_TEXTS, 10 * HELD_BYTES)
    assert not window.has_room()


@pytest.mark.parametrize("texts", [1, MIN_TEXTS // 2])
def test_a_full_window_waits_for_texts_and_not_for_whole_batches(texts: int) -> None:
    window: SlidingWindow[str] = SlidingWindow(lambda: 1)
    add(window, "first", MIN_TEXTS)
    thread = threading.Thread(target=lambda: list(window.wait_for_room()))
    thread.start()
    window.texts_done(texts)
    thread.join(10)
    assert not thread.is_alive()
    assert list(window._entries) == [1], "the batch is still in flight"


def test_a_failed_batch_is_yielded_too() -> None:
    window: SlidingWindow[str] = SlidingWindow(lambda: 1)
    add(window, "bad", 3).set_exception(ValueError("spoilt"))
    assert list(window.drain()) == ["bad"]


@given(st.lists(st.integers(0, 700), max_size=30), st.integers(0, 100))
def test_every_batch_is_yielded_once_while_another_thread_finishes_batches(batches: list[int], seed: int) -> None:
    window: SlidingWindow[int] = SlidingWindow(lambda: 4)
    in_flight: list[tuple[Future[None], int]] = []
    lock, ended = threading.Condition(), threading.Event()

    def work() -> None:
        rng = random.Random(seed)
        while True:
            with lock:
                while not in_flight and not ended.is_set():
                    lock.wait()
                if not in_flight:
                    return
                future, texts = in_flight.pop(rng.randrange(len(in_flight)))
            for _ in range(texts):
                window.texts_done(1)
            future.set_result(None)

    thread = threading.Thread(target=work)
    thread.start()
    out: list[int] = []
    for ticket, texts in enumerate(batches):
        out += window.wait_for_room()
        future: Future[None] = Future()
        window.add(ticket, future, texts, 8 * texts)
        with lock:
            in_flight.append((future, texts))
            lock.notify()
    out += window.drain()
    with lock:
        ended.set()
        lock.notify()
    thread.join()
    assert sorted(out) == list(range(len(batches)))
