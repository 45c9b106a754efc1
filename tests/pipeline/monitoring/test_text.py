from __future__ import annotations

from pipeline.monitoring.status import StatusTracker, Workload
from pipeline.monitoring.text import counted, duration, plain_line, values
from tests.pipeline.monitoring.snapshots import host, snapshot, traffic


def test_durations_have_two_units() -> None:
    assert [duration(seconds) for seconds in (0.4, 59.6, 60, 3_599, 3_600, 90_000)] == [
        "0 s", "1 min", "1 min", "59 min 59 s", "1 h", "1 d 1 h",
    ]  # fmt: skip


def test_counts_are_the_most_frequent_first() -> None:
    assert counted({"ok": 1_200, "warn": 20, "failed": 0, "skipped": 20}) == "ok 1,200, skipped 20, warn 20"
    assert counted({"a": 1, "b": 2, "c": 3}, 2) == "c 3, b 2"


def test_the_line_of_a_log_has_progress_rates_eta_and_hosts_without_long_reasons() -> None:
    tracker = StatusTracker(Workload(5_000))
    tracker.status(0.0, snapshot())
    hosts = (
        host("http://gpu0:11434", made=traffic(9, 24_600), in_flight=3),
        host("http://gpu1:11434", "out: its model 'mistral' has the digest 0123, the other hosts' 4567: …"),
    )
    status = tracker.status(30.0, snapshot(1_200, 0, *hosts, statuses={"ok": 1_197, "failed": 3}))
    assert plain_line(status) == (
        "1,200 of 5,000 texts (24 %), 40.0 texts/s, 820 tokens/s, 3 failed, 1 min 35 s left; "
        "gpu0:11434 3/4, gpu1:11434 out"
    )
    assert values(status)["eta_seconds"] == 95.0


def test_a_slow_run_shows_texts_per_minute() -> None:
    tracker = StatusTracker(Workload(100))
    tracker.status(0.0, snapshot())
    assert "3 of 100 texts (3 %), 3.0 texts/min" in plain_line(tracker.status(60.0, snapshot(3, 3)))


def test_many_hosts_do_not_make_a_long_line() -> None:
    hosts = tuple(host(f"http://gpu{number}:11434") for number in range(40))
    line = plain_line(StatusTracker(Workload(10)).status(1.0, snapshot(1, 1, *hosts)))
    assert "gpu7:11434" in line
    assert "gpu8:11434" not in line
    assert line.endswith("…")
