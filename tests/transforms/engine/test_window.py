from __future__ import annotations

import random
import threading

from hypothesis import given
from hypothesis import strategies as st

from transforms.engine.window import HELD_BYTES, HELD_SHARE, LEAST_TEXTS, TEXTS_PER_SLOT, SlidingWindow


def end(window: SlidingWindow[str], number: int, texts: int) -> None:
    for _ in range(texts):
        window.text_done()
    window.batch_done(number)


def test_room_until_the_window_is_full_of_unfinished_texts() -> None:
    window: SlidingWindow[str] = SlidingWindow(lambda: 1)
    first = window.add("first", LEAST_TEXTS, 1000)
    assert not window.has_room()
    window.text_done()
    assert window.has_room()
    for _ in range(LEAST_TEXTS - 1):
        window.text_done()
    window.batch_done(first)
    assert list(window.drain()) == ["first"]


def test_it_grows_with_the_fleet() -> None:
    assert SlidingWindow[str](lambda: 1000).size() == 1000 * TEXTS_PER_SLOT


def test_one_slow_row_holds_up_nothing_until_the_rows_behind_it_are_too_many() -> None:
    window: SlidingWindow[str] = SlidingWindow(lambda: 1)
    window.add("slow", 1, 10)
    submitted = 1
    while window.has_room():
        end(window, window.add("quick", 64, 10), 64)
        submitted += 64
    assert HELD_SHARE * LEAST_TEXTS <= submitted <= HELD_SHARE * LEAST_TEXTS + 64


def test_bytes_behind_a_slow_row_are_bounded_too() -> None:
    window: SlidingWindow[str] = SlidingWindow(lambda: 1)
    window.add("slow", 1, 10)
    end(window, window.add("huge", 1, HELD_BYTES), 1)
    assert not window.has_room()


def test_a_batch_over_every_bound_still_goes_alone() -> None:
    window: SlidingWindow[str] = SlidingWindow(lambda: 1)
    assert window.has_room()
    window.add("huge", 10 * LEAST_TEXTS, 10 * HELD_BYTES)
    assert not window.has_room()


@given(st.lists(st.integers(0, 700), max_size=30), st.integers(0, 100))
def test_every_batch_comes_out_once_with_another_thread_ending_them(batches: list[int], seed: int) -> None:
    window: SlidingWindow[int] = SlidingWindow(lambda: 4)
    under_way: list[tuple[int, int]] = []
    lock, ended = threading.Condition(), threading.Event()

    def work() -> None:
        rng = random.Random(seed)
        while True:
            with lock:
                while not under_way and not ended.is_set():
                    lock.wait()
                if not under_way:
                    return
                number, texts = under_way.pop(rng.randrange(len(under_way)))
            for _ in range(texts):
                window.text_done()
            window.batch_done(number)

    thread = threading.Thread(target=work)
    thread.start()
    out: list[int] = []
    for ticket, texts in enumerate(batches):
        out += window.wait_for_room()
        number = window.add(ticket, texts, 8 * texts)
        with lock:
            under_way.append((number, texts))
            lock.notify()
    out += window.drain()
    with lock:
        ended.set()
        lock.notify()
    thread.join()
    assert sorted(out) == list(range(len(batches)))
