from __future__ import annotations

from pipeline.monitoring.silence import Silences
from pipeline.monitoring.status import HostStatus, StatusTracker, Workload
from tests.pipeline.monitoring.snapshots import host, snapshot, traffic

URL = "http://gpu0:11434"


def hosts(answers: int, seconds: float = 1.0, in_flight: int = 4, state: str = "healthy") -> tuple[HostStatus, ...]:
    view = host(URL, state, traffic(answers, 10 * answers, seconds), in_flight)
    return StatusTracker(Workload(100)).status(1.0, snapshot(1, 1, view)).hosts


def told(*moments: tuple[float, tuple[HostStatus, ...]]) -> list[str]:
    silences = Silences()
    return [sentence for seconds, shown in moments for sentence in silences.saw(seconds, shown)]


def test_a_pause_of_20_seconds_is_told_once_and_so_is_its_end() -> None:
    silent = [(float(second), hosts(5)) for second in range(10, 30)]
    first, last = told(*silent, (30.0, hosts(6)), (31.0, hosts(7)))
    assert first.startswith(f"{URL} has not answered for 15 s: 4 requests in flight, which usually take up to 1.0 s")
    assert last == f"{URL} answers again after 20 s"


def test_slow_idle_loading_and_excluded_hosts_are_not_silent() -> None:
    assert told((0, hosts(5, seconds=8.0)), (20, hosts(5, seconds=8.0))) == []
    assert told((0, hosts(5, in_flight=0)), (30, hosts(5, in_flight=0)), (40, hosts(5))) == []
    assert told((0, hosts(0)), (60, hosts(0))) == []
    assert told((0, hosts(5)), (14, hosts(5, state="circuit open: timeout")), (28, hosts(5))) == []
