from __future__ import annotations

from pathlib import Path

from pipeline.monitoring.job_figures import LOOK_SECONDS, figures_of_job, with_published_parts
from tests.pipeline.monitoring.snapshots import host, snapshot
from transforms.engine.snapshot import Snapshot
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.worker_figures import FOLDER, WorkerFigures, to_bytes

URL = "http://gpu0:11434"

FIRST, SECOND, THIRD = (f"part-a-0123abcd-{number:05}.parquet" for number in range(3))


def test_parts_that_the_run_has_published_count_where_the_runner_reports_less(tmp_path: Path) -> None:
    (tmp_path / FIRST).write_bytes(b"of an earlier run")
    now, reported = [0.0], [snapshot(0, 0)]

    def clock() -> float:
        return now[0]

    def figures() -> Snapshot:
        return reported[0]

    counted = with_published_parts(
        figures, OutputDirectory(str(tmp_path)), {FIRST: 10, SECOND: 20, THIRD: 30}, 50.0, clock
    )
    now[0] = LOOK_SECONDS
    assert counted().texts == 0
    (tmp_path / SECOND).write_bytes(b"new")
    assert counted().texts == 0  # not looked at again yet
    now[0] = 2 * LOOK_SECONDS
    assert (counted().texts, counted().characters) == (20, 1000)
    (tmp_path / FIRST).write_bytes(b"written again by this run")
    now[0] = 3 * LOOK_SECONDS
    assert counted().texts == 30
    reported[0] = snapshot(45, 900)
    assert (counted().texts, counted().characters) == (45, 900)


def test_an_output_that_cannot_be_listed_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    counted = with_published_parts(
        lambda: snapshot(3, 30), OutputDirectory(str(tmp_path / "file")), {FIRST: 10}, clock=lambda: 0.0
    )
    assert counted().texts == 3


def test_the_hosts_are_those_that_the_workers_publish_if_there_are_any(tmp_path: Path) -> None:
    output = OutputDirectory(str(tmp_path))
    output.prepare()
    counters = snapshot(3, 30, host(URL, "remote", limit=0))
    workers = WorkerFigures(output, "run")
    figures = figures_of_job(lambda: counters, workers)
    assert figures() == counters
    output.write_bytes(f"{FOLDER}/run-1.json", to_bytes([host(URL, in_flight=2, limit=4)], 1))
    workers.hosts(now=True)
    assert (figures().texts, figures().hosts[0].in_flight, figures().hosts[0].limit) == (3, 2, 4)
    assert figures_of_job(lambda: counters, None)() == counters
