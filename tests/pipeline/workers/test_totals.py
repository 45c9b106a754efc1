from __future__ import annotations

from dataclasses import replace

from pipeline.workers.totals import Totals
from tests.pipeline.monitoring.snapshots import host, snapshot, traffic
from transforms.fleet.host.traffic import Traffic

URL = "http://gpu0:11434"


def test_workers_are_added_up() -> None:
    totals = Totals()
    totals.saw(0, snapshot(1, 10, host(URL, made=traffic(answers=1)), statuses={"ok": 1}))
    totals.saw(0, snapshot(3, 30, host(URL, made=traffic(answers=3, busy=1)), statuses={"ok": 3}))
    totals.saw(1, snapshot(5, 50, host(URL, made=traffic(answers=5)), statuses={"ok": 4, "failed": 1}))
    found = totals.snapshot()
    assert (found.texts, found.characters, found.statuses) == (8, 80, {"ok": 7, "failed": 1})
    (view,) = found.hosts
    assert (view.in_flight, view.limit, view.traffic.answers) == (8, 8, 8)
    assert totals.requests() == 9


def test_texts_of_a_dead_worker_that_are_done_again_count_once_and_its_requests_remain() -> None:
    totals = Totals()
    totals.saw(0, snapshot(30, 300, host(URL, made=traffic(answers=30))))
    totals.lost(0, 20)
    totals.saw(0, snapshot(10, 100, host(URL, made=traffic(answers=10))))
    found = totals.snapshot()
    assert (found.texts, found.characters) == (30, 300)
    (view,) = found.hosts
    assert (view.in_flight, view.limit, view.traffic.answers) == (4, 4, 40)


def test_a_worker_that_dies_before_it_has_told_anything_counts_nothing() -> None:
    totals = Totals()
    totals.lost(0, 0)
    assert totals.snapshot().texts == 0


def test_slots_are_measured_over_all_workers() -> None:
    seconds = iter(range(100))
    totals = Totals(lambda: next(seconds))
    for second in range(12):
        made = Traffic(answers=100 * second, eval_ns=4 * second * 10**9, queue_ns=2 * second * 10**9)
        for number in range(2):
            totals.saw(number, snapshot(1, 1, replace(host(URL, made=made), slots=7)))
    (view,) = totals.slots()
    assert (view.limit, view.slots) == (8, 4)


def test_slots_of_a_short_run_are_those_of_all_workers_at_work() -> None:
    totals = Totals()

    def saw(number: int, limit: int, answers: int = 1) -> None:
        view = replace(host(URL, made=traffic(answers), limit=limit), slots=limit - 1, digest="abc")
        totals.saw(number, snapshot(1, 1, view))

    for number, limit in enumerate((3, 4)):
        saw(number, limit)
    saw(2, 2, answers=0)
    totals.finished(2)  # there was no task for it
    totals.finished(0)
    saw(1, 9)
    assert totals.snapshot().hosts[0].limit == 9
    totals.finished(1)
    (view,) = totals.slots()
    assert (view.limit, view.slots, view.digest) == (7, 5, "abc")
