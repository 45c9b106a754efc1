from __future__ import annotations

import pytest

from pipeline.dry_run import Estimate, estimate
from pipeline.estimate import TextSample
from pipeline.host_speeds import HostSpeed

SAMPLE = TextSample(lengths=(100, 300), sampled=4, characters=500)
"""Half of the texts need a request; these have 200 characters on average."""


def estimated(speeds: list[HostSpeed], repairs_share: float = 0.0) -> Estimate:
    return estimate(1_000, 2, SAMPLE, speeds, repairs_share)


def test_the_time_is_the_characters_at_the_speed_of_all_hosts() -> None:
    speeds = [HostSpeed("a", 4, 0.01, 0.3, 100), HostSpeed("b", 1, 0.01, 0.3, 100)]
    found = estimated(speeds)
    assert (found.texts, found.texts_requested, found.characters) == (2_000, 1_000, 200_000)
    assert found.seconds == pytest.approx(200_000 / 500, rel=0.01)
    assert found.output_tokens == 60_000
    assert estimated(speeds, 0.5).seconds == pytest.approx(600, rel=0.01)


def test_few_measured_requests_make_a_wide_range() -> None:
    few, many = (estimated([HostSpeed("a", 4, 0.01, None, requests)]) for requests in (10, 1_000))
    for found in (few, many):
        assert found.seconds is not None
        assert found.least_seconds is not None
        assert found.most_seconds is not None
        assert found.least_seconds < found.seconds < found.most_seconds
    assert (few.most_seconds or 0) > (many.most_seconds or 0)
    assert few.output_tokens is None


def test_without_a_measured_host_there_is_no_time() -> None:
    assert estimated([]).seconds is None
    assert estimate(0, 1, TextSample((), 0, 0), [], 0.0).characters == 0
