from __future__ import annotations

import math

import pytest

from transforms.fleet.host.limit_measures import (
    CLIMB_ROUND,
    CLIMB_STEP,
    CLIMB_TRIES,
    BusySlots,
    Climb,
    Delays,
    Times,
    mean_slots,
)


def test_the_slots_that_are_busy_are_counted_over_the_latest_answers() -> None:
    busy = BusySlots()
    busy.sent(0.0)
    for second in range(1, 100):
        for _ in range(2):
            busy.answered(float(second), 1.0, window=8)
    assert busy.most == pytest.approx(2.0, abs=0.3)


def test_the_mean_time_in_a_slot_is_that_of_the_latest_answers() -> None:
    busy = BusySlots()
    assert busy.mean_seconds() == math.inf
    busy.sent(0.0)
    for second in range(1, 100):
        busy.answered(float(second), 1.0 if second < 50 else 0.5, window=8)
    assert busy.mean_seconds() == pytest.approx(0.5)


def test_a_delay_below_zero_does_not_hide_others() -> None:
    delays = Delays()
    delays.add(-5.0, Times(5.0, 0.0, 5.0))
    assert not delays.noisy()
    delays.add(2.0, Times(5.0, 0.0, 5.0))
    assert delays.noisy()


def test_requests_in_slots_are_a_share_of_the_time() -> None:
    delays = Delays()
    assert delays.serving_share() == 0.0
    delays.add(1.0, Times(5.0, 1.0, 3.0))
    delays.add(0.0, Times(4.0, 0.0, 3.0))
    assert delays.serving_share() == pytest.approx(6 / 10)


def test_requests_that_have_not_reached_the_queue_are_a_share_of_the_time() -> None:
    delays = Delays()
    assert delays.away_share() == 0.0
    delays.add(0.4, Times(4.6, 1.0, 3.0))
    assert not delays.noisy()
    assert delays.away_share() == pytest.approx(0.2)


def test_requests_on_a_long_way_are_a_share_of_the_longest_time() -> None:
    even, varied = Delays(), Delays()
    for outside in (0.5, 1.5):
        even.add(1.0, Times(4.0, 1.0, 3.0))
        varied.add(outside, Times(4.0, 1.0, 3.0))
    assert even.away_share() == pytest.approx(2 / 5)
    assert varied.away_share() == pytest.approx((1.0 + 1.0 + 1.7 * 0.5) / 5)


def test_a_real_load_does_not_look_like_requests_on_their_way() -> None:
    delays = Delays()
    delays.add(0.0, Times(62.0, 60.0, 2.0))
    assert delays.away_share() == pytest.approx(1 / 3)


def climbed(climb: Climb, limit: float, began: float, seconds: float) -> bool:
    """Whether the limit changes after a round of answers to texts of 100 characters that took so many seconds."""
    count = int(CLIMB_ROUND * limit)
    assert not climb.answered(began, limit, 100)
    changes = [climb.answered(began + seconds * each / count, limit, 100) for each in range(1, count + 1)]
    assert not any(changes[:-1])
    return changes[-1]


def test_a_climb_ends_at_the_last_limit_that_paid() -> None:
    climb = Climb()
    assert climbed(climb, 4.0, 0.0, 10.0)
    assert climb.limit == 4.0 * CLIMB_STEP
    for attempt in range(CLIMB_TRIES):
        changes = climbed(climb, 6.0, 100.0 * (attempt + 1), 15.0)
        assert changes is (attempt == CLIMB_TRIES - 1)
    assert (climb.held, climb.limit) == (True, 4.0)
    assert not climbed(climb, 4.0, 1000.0, 1.0), "it is held"


def test_a_climb_goes_on_while_it_pays() -> None:
    climb = Climb()
    assert climbed(climb, 4.0, 0.0, 10.0)
    assert climbed(climb, 6.0, 100.0, 10.0)
    assert climb.limit == 9.0


def test_requests_that_start_together_count_with_the_highest_rank() -> None:
    assert mean_slots([(0.0, 1.0, 1), (0.001, 1.0, 2), (0.019, 1.0, 4), (0.5, 1.0, 3)]) == (3 * 4 + 3) / 4
