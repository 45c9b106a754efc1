from __future__ import annotations

import asyncio

from pipeline.tune.curve import Curves, HostCurve, Point, measure_hosts
from pipeline.tune.time_limit import TimeLimit
from tests.conftest import MakeHost
from tests.pipeline.tune.test_load import sample
from tests.pipeline.tune.trials import throughput
from transforms.fleet.addresses import HostAddress


def curve(*rates: float, at_work: float = 4.0) -> HostCurve:
    points = [Point(2**step, throughput(rate, at_work=at_work)) for step, rate in enumerate(rates)]
    return HostCurve("http://gpu0:11434", tuple(points))


def test_the_knee_is_the_smallest_load_with_practically_the_highest_throughput() -> None:
    found = curve(1.0, 2.0, 3.9, 4.0, 3.0, at_work=3.9).knee
    assert found is not None
    assert found.in_flight == 4
    assert curve(1.0, 2.0, at_work=1.8).slots == 2
    assert (curve().knee, curve().slots) == (None, None)
    assert curve(0.0).knee is None


def measured(*urls: str, seconds: float = 15.0) -> Curves:
    addresses = [HostAddress(url) for url in urls]
    return asyncio.run(measure_hosts(addresses, False, sample(), 5.0, TimeLimit(seconds)))


def test_a_host_is_measured_up_to_its_slots(sandbox_host: MakeHost) -> None:
    host = sandbox_host(num_parallel=2, tokens_per_second=400.0)
    curves = measured(host.url)
    (found,) = curves.hosts
    assert (found.slots, found.problem, curves.complete, curves.together) == (2, "", True, None)
    assert found.knee is not None
    assert 1 < found.knee.in_flight <= 8  # 4, but this machine may be busy
    assert not found.more_possible
    assert host.stats()["in_flight_peak"] == found.points[-1].in_flight
    assert found.loaded is not None


def test_hosts_are_measured_alone_and_together(sandbox_host: MakeHost) -> None:
    hosts = [sandbox_host(num_parallel=1, tokens_per_second=speed) for speed in (2000.0, 500.0)]
    curves = measured(*(host.url for host in hosts))
    assert curves.together is not None
    fast, slow = curves.together.host_rows_per_second.values()
    assert fast > 1.5 * slow
    assert [host.url for host in curves.measured] == [host.url for host in hosts]
    assert curves.sum_rows_per_second > 0


def test_problems_are_told_for_each_host(sandbox_host: MakeHost) -> None:
    lacking, hanging = sandbox_host(models=["llama3:latest"]), sandbox_host(hang=True)
    curves = asyncio.run(
        measure_hosts(
            [HostAddress(url) for url in (lacking.url, hanging.url, "http://127.0.0.1:9")],
            False,
            sample(),
            0.5,
            TimeLimit(15.0),
        )
    )
    problems = [host.problem for host in curves.hosts]
    assert "ollama pull mistral" in problems[0]
    assert "did not load" in problems[1]
    assert problems[2] == "connection refused"
    assert (curves.measured, curves.together, curves.complete) == ([], None, True)


def test_hosts_for_which_there_is_no_time(sandbox_host: MakeHost) -> None:
    slow, next_one = sandbox_host(tokens_per_second=0.1), sandbox_host()
    curves = measured(slow.url, next_one.url, seconds=0.5)
    assert not curves.complete
    assert [host.problem for host in curves.hosts] == ["not measured: time was up"] * 2
    assert next_one.stats()["calls"] == 0
