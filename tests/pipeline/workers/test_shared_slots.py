from __future__ import annotations

from collections.abc import Sequence

import pytest

from pipeline.workers.shared_slots import ANSWERS_PER_SLOT, LEAST_SECONDS, SharedSlots
from tests.pipeline.workers.shared_host import URL, share
from transforms.fleet.host.host_state import HostView
from transforms.fleet.host.limits import AdaptiveLimit
from transforms.fleet.host.sharing import Share
from transforms.fleet.host.traffic import Traffic


def found_together(
    slots: int,
    workers: int,
    mean_seconds: float,
    seed: int,
    *,
    least_seconds: float = 8.0,
    parts: Sequence[int] = (),
    starts: Sequence[float] = (),
    known: int | None = None,
) -> int | None:
    found = SharedSlots()
    share(
        slots,
        [AdaptiveLimit(known, Share(number, workers)) for number in range(workers)],
        int(slots * max(60, least_seconds / mean_seconds)),
        seed,
        mean_seconds=mean_seconds,
        way_seconds=0.002,
        parts=parts,
        starts=starts,
        report=lambda number, view, now: found.saw(number, [view], now),
    )
    return found.of(URL)


@pytest.mark.parametrize("mean_seconds", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("slots", [1, 2, 4, 8, 16])
def test_workers_together_find_the_slots_of_a_host(slots: int, workers: int, mean_seconds: float) -> None:
    for seed in range(1 if mean_seconds < 0.1 else 3):
        assert found_together(slots, workers, mean_seconds, seed) == pytest.approx(slots, abs=1)


@pytest.mark.parametrize("slots", [1, 4, 16])
@pytest.mark.parametrize(
    ("parts", "starts", "known"),
    [([3, 2, 1], [], None), ([], [0.0, 1.0, 2.5], None), ([1, 1, 1], [], 6), ([5, 1, 1], [0.0, 0.0, 3.0], 16)],
)
def test_workers_that_begin_late_or_end_early_do_not_change_what_is_found(
    slots: int, parts: list[int], starts: list[float], known: int | None
) -> None:
    for mean_seconds in (0.05, 0.5):
        found = found_together(slots, 3, mean_seconds, 1, least_seconds=20.0, parts=parts, starts=starts, known=known)
        assert found == pytest.approx(slots, abs=1)


def saw(found: SharedSlots, number: int, now: float, answers: int, busy: float, waited: float) -> None:
    traffic = Traffic(answers=answers, eval_ns=int(busy * 1e9), queue_ns=int(waited * 1e9))
    found.saw(number, [HostView(URL, "healthy", 1, 1, traffic=traffic)], now)


def test_a_host_without_a_queue_may_have_more_slots() -> None:
    found = SharedSlots()
    for second in range(10):
        saw(found, 0, second, 100 * second, 2.0 * second, 0.1 * second)
    assert found.of(URL) is None
    for second in range(10, 20):
        saw(found, 0, second, 100 * second, 2.0 * second, 1.0 * second)
    assert found.of(URL) == 2


def test_few_answers_say_nothing() -> None:
    found = SharedSlots()
    most = ANSWERS_PER_SLOT * 2 - 1
    for second in range(10):
        saw(found, 0, second, most * second // 10, 2.0 * second, second)
    assert found.of(URL) is None
    found = SharedSlots()
    for tenth in range(int(10 * LEAST_SECONDS)):
        saw(found, 0, tenth / 10, 100 * tenth, tenth / 5, tenth / 10)
    assert found.of(URL) is None


def test_a_period_has_the_same_workers_and_ends_with_one_of_them() -> None:
    found = SharedSlots()
    for second in range(4):
        saw(found, 0, second, 100 * second, 4.0 * second, second)
    for second in range(4, 20):
        saw(found, 0, second, 100 * second, 12.0 + 2.0 * (second - 3), second)
        saw(found, 1, second, 100 * (second - 3), 2.0 * (second - 3), second - 3)
    assert found.of(URL) == 4
    found.ended(1)
    saw(found, 1, 20.0, 0, 0.0, 0.0)  # another process takes its place, and counts from zero
    for second in range(20, 26):
        saw(found, 0, second, 100 * second, 12.0 + 2.0 * (second - 3), second)
        saw(found, 1, second, 100 * (second - 20), 2.0 * (second - 20), second - 20)
    assert found.of(URL) == 4


def test_a_change_of_the_slots_is_followed() -> None:
    found = SharedSlots()
    for second in range(60):
        saw(found, 0, second, 100 * second, 8.0 * min(second, 20) + 2.0 * max(0, second - 20), second)
    assert found.of(URL) == 2
