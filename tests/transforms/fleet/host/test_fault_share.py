from __future__ import annotations

import pytest

from transforms.fleet.host.fault_share import LARGEST, RECENT, FaultShare


def test_a_host_that_has_shown_nothing_is_taken_to_fail_sometimes() -> None:
    assert FaultShare().share() == pytest.approx(0.1)


def test_the_share_follows_what_the_host_does() -> None:
    share = FaultShare()
    for number in range(RECENT):
        share.ended(fault=number % 20 == 0)
    assert 0.045 < share.share() < 0.06
    for _ in range(RECENT):
        share.ended(fault=False)
    assert 0 < share.share() < 0.005, "what is long ago no longer counts"


def test_the_share_has_a_largest_value() -> None:
    share = FaultShare()
    for _ in range(RECENT):
        share.ended(fault=True)
    assert share.share() == LARGEST
