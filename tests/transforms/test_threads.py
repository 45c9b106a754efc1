from __future__ import annotations

import threading

import pytest

from transforms import threads
from transforms.threads import map_in_threads


def test_results_come_in_order_from_several_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "QUEUED", 3)
    together = threading.Barrier(2)

    def double(number: int) -> int:
        if number < 2:
            together.wait(60)  # only if two threads work at once
        return 2 * number

    assert list(map_in_threads(double, range(10), 2)) == [2 * number for number in range(10)]
    assert list(map_in_threads(double, [], 2)) == []


def test_an_error_comes_through_and_later_items_are_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "QUEUED", 2)
    begun: list[int] = []

    def divide(number: int) -> float:
        begun.append(number)
        return 1 / number

    with pytest.raises(ZeroDivisionError):
        list(map_in_threads(divide, [1, 0, 2, 3], 1))
    assert set(begun) <= {1, 0}
