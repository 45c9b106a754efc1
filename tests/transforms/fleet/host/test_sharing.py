from __future__ import annotations

from collections.abc import Iterator

import pytest

from transforms.fleet.host.limits import FixedLimit
from transforms.fleet.host.sharing import THIS_PROCESS, WHOLE, Share, change


@pytest.fixture
def _as_before() -> Iterator[None]:
    yield
    change(WHOLE)


@pytest.mark.parametrize("slots", [1, 3, 7])
def test_the_shares_add_up(slots: int) -> None:
    for processes in range(1, 5):
        shares = [Share(number, processes).of(slots) for number in range(processes)]
        assert sum(shares) == slots
        assert max(shares) - min(shares) <= 1


@pytest.mark.usefixtures("_as_before")
def test_a_limit_follows_the_share_of_its_process() -> None:
    limit = FixedLimit(5, THIS_PROCESS)
    assert (limit.limit(), limit.slots()) == (5, 5)
    change(Share(1, 2))
    assert (limit.limit(), limit.slots()) == (2, 2)
    change(Share(0, 1))
    assert limit.limit() == 5
