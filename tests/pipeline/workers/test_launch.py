"""Whole runs with several worker processes."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from pipeline.known_slots import read_known_slots
from pipeline.sandbox.faults import Fault
from pipeline.workers import launch
from pipeline.workers.launch import published_by
from pipeline.workers.pool import WorkerPool, WorkerProcess
from tests.conftest import MakeHost
from tests.pipeline.runs import Run, origins
from tests.pipeline.workers.processes import ids, job, repeated_requests, reports, wait_for_end, wait_until
from transforms.fleet.host.breaker import FIRST_CHEAP_PAUSE_SECONDS, JITTER
from transforms.fleet.host.limits import START
from transforms.sink.output_directory import OutputDirectory

ANSWERS_A_SECOND = 80
"""Of four slots with 400 tokens per second, to texts with about 20."""


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """Number of tasks that each worker was given, by its number."""
    counts: dict[int, int] = {}

    class Counted(WorkerPool):
        def _assign(self, worker: WorkerProcess) -> None:
            super()._assign(worker)
            counts[worker.number] = len(worker.held)

    monkeypatch.setattr(launch, "WorkerPool", Counted)
    return counts


def test_each_text_is_sent_once_and_all_rows_are_in_order(
    sandbox_host: MakeHost, run: Run, tmp_path: Path, given: dict[int, int]
) -> None:
    host, output = sandbox_host(record_requests=True, tokens_per_second=2000.0), tmp_path / "out"
    source = reports(tmp_path, 3000, 1000)
    (output / "_state").mkdir(parents=True)
    (output / "_state" / "memory.sqlite-claims").write_bytes(b"claims of a dead run must be forgotten")
    result = run(source, output, [host], "--workers", "2", "--unit_rows", "50", "--report")
    assert result.code == 0, result.err
    assert min(given[0], given[1]) > 0
    assert given[0] + given[1] == 60
    assert ids(output) == list(range(3000))
    assert origins(output) == {"generated": 1000, "duplicate": 2000}
    assert (host.stats()["served"], repeated_requests(host)) == (1000, 0)
    summary = json.loads((output / "_summary.json").read_text())
    assert result.summary.items() <= summary.items()
    assert {name: summary[name] for name in ("rows", "ok", "requests", "units_written", "lost_requests")} == {
        "rows": 3000,
        "ok": 3000,
        "requests": 1000,
        "units_written": 60,
        "lost_requests": 0,
    }
    assert (summary["hosts"][host.url]["slots"] or 1) >= 1, "None if a worker still looked for them"
    assert (output / "_report.html").exists()
    again = run(source, output, [host], "--unit_rows", "50")
    assert (again.code, again.summary["units_skipped"]) == (0, 60)


def test_workers_together_use_the_given_slots_and_no_more(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    """Whether each has work, or the first to start takes all of it and with it the slots of the other."""
    host, output = sandbox_host(num_parallel=8, tokens_per_second=400.0), tmp_path / "out"
    result = run(reports(tmp_path, 300, 300), output, [host], "--workers", "2", "--unit_rows", "50", "--slots", "5")
    assert result.code == 0, result.err
    assert host.stats()["in_flight_peak"] == 5
    assert ids(output) == list(range(300))


@pytest.mark.slow
@pytest.mark.parametrize("slots", [1, 4])
def test_workers_together_find_the_slots_of_a_host_and_remember_them(
    sandbox_host: MakeHost, run: Run, tmp_path: Path, slots: int
) -> None:
    host, output = sandbox_host(num_parallel=slots, tokens_per_second=200.0, sigma=0.5), tmp_path / "out"
    result = run(reports(tmp_path, 150 * slots, 150 * slots), output, [host], "--workers", "3", "--unit_rows", "10")
    assert result.code == 0, result.err
    assert result.summary["hosts"][host.url]["slots"] == pytest.approx(slots, abs=1)
    assert read_known_slots(result.summary["model_digest"])[host.url] == pytest.approx(slots, abs=1)


def test_a_single_unit_needs_a_single_process(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    result = run(reports(tmp_path, 50, 50), tmp_path / "out", [sandbox_host()], "--workers", "2")
    assert (result.code, result.summary["rows"]) == (0, 50)
    assert "using 1 of 2 workers, as there is no more work to share" in result.err


def test_the_share_of_failed_rows_decides_on_the_exit_code(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    host = sandbox_host(faults=[Fault("refusal", marker="numéro 7 ")])
    options = ("--workers=2", "--unit_rows=25", "--max_failed_ratio=0")
    result = run(reports(tmp_path, 100, 100), tmp_path / "out", [host], *options)
    assert (result.code, result.summary["failed"], result.summary["ok"]) == (3, 1, 99)
    (letters,) = (tmp_path / "out" / "_dead_letter").glob("*.jsonl")
    assert json.loads(letters.read_text())["error_class"] == "refusal"


def test_what_a_worker_reports_ends_the_run_in_one_line(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    host = sandbox_host(version="0.12.4")  # the one version that refuses think: false
    result = run(reports(tmp_path, 100, 100), tmp_path / "out", [host], "--workers=2", "--unit_rows=25")
    assert result.code == 1
    assert result.summary["exit_code"] == 1
    (line,) = [line for line in result.err.splitlines() if "ERROR" in line]
    assert line.endswith('HTTP 400: "mistral" does not support thinking')
    assert "Traceback" not in result.err


def test_a_worker_that_is_killed_is_replaced_and_only_what_was_in_flight_is_repeated(
    sandbox_host: MakeHost, tmp_path: Path
) -> None:
    host = sandbox_host(tokens_per_second=400.0, record_requests=True)
    with job(reports(tmp_path, 2000, 1500), tmp_path / "out", host) as running:
        workers = running.workers_at(served=400)
        assert len(workers) == 2
        workers[0].kill()
        wait_until(lambda: "takes its place" in running.log())
        host.control(tokens_per_second=0)
        code, summary, log = running.end()
    assert (code, summary["rows"]) == (0, 2000), log
    assert f"worker process {workers[0].pid} was ended by signal 9 (SIGKILL)" in log
    assert "Traceback" not in log
    assert ids(tmp_path / "out") == list(range(2000))
    # Those in flight, and answers of the last second, which may not be in the memory yet.
    assert repeated_requests(host) <= host.stats()["in_flight_peak"] + ANSWERS_A_SECOND
    assert not list((tmp_path / "out").rglob("*.tmp"))


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow)]
)
def test_a_signal_stops_all_workers_and_keeps_what_they_were_answered(
    sandbox_host: MakeHost, run: Run, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    host, output = sandbox_host(tokens_per_second=400.0, record_requests=True), tmp_path / "out"
    source = reports(tmp_path, 400, 400)
    with job(source, output, host) as running:
        workers = running.workers_at(served=100)
        running.process.send_signal(number)
        ended, summary, log = running.end()
    served = host.stats()["served"]
    assert (ended, summary["exit_code"]) == (code, code), log
    assert not any(worker.is_running() for worker in workers)
    assert summary["units_written"] == len(list(output.glob("part-*")))
    assert "Traceback" not in log
    assert host.stats()["served"] == served < 400
    host.control(tokens_per_second=0)
    assert run(source, output, [host], "--unit_rows", "50").code == 0
    assert ids(output) == list(range(400))
    assert repeated_requests(host) == 0


@pytest.mark.parametrize("kills", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_workers_end_at_once_with_their_launcher(sandbox_host: MakeHost, tmp_path: Path, kills: bool) -> None:
    host = sandbox_host(tokens_per_second=200.0)
    with job(reports(tmp_path, 400, 400), tmp_path / "out", host) as running:
        workers = running.workers_at(served=50)
        if kills:
            running.process.kill()
        else:
            running.process.terminate()
            wait_until(lambda: "waiting up to" in running.log())
            running.process.terminate()
        wait_for_end(workers)
        code, summary, _ = running.end()
    assert (code, summary) == (-signal.SIGKILL if kills else 143, {})
    wait_until(lambda: host.stats()["in_flight"] == 0)
    assert host.stats()["served"] < 400


def test_parts_that_a_dead_worker_could_not_tell_of_are_found(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    assert run(reports(tmp_path, 100, 100), tmp_path / "out", [sandbox_host()], "--unit_rows", "50").code == 0
    output = OutputDirectory(str(tmp_path / "out"))
    (name, footer), _ = output.existing_parts().items()
    assert footer is not None
    assert published_by(footer.run_id, [name, "part-missing-00000000-00000.parquet"], output) == {name}
    assert published_by("another run", [name], output) == set()


def test_hosts_that_refuse_die_or_hang_cost_no_row_and_get_no_more_than_probes(
    sandbox_host: MakeHost, tmp_path: Path
) -> None:
    refusing, hanging = sandbox_host(listening=False), sandbox_host(faults=[Fault("hang")])
    dying, healthy = sandbox_host(tokens_per_second=40.0), sandbox_host(tokens_per_second=40.0)
    hosts = ",".join(host.url for host in (refusing, dying, hanging, healthy))
    output = tmp_path / "out"
    with job(reports(tmp_path, 1000, 1000), output, dying, "--hosts", hosts) as running:
        wait_until(lambda: hanging.stats()["in_flight"] == START)  # of both workers together
        for host in (dying, healthy):
            host.control(tokens_per_second=1000.0)
        assert len(running.workers_at(served=150)) == 2
        gone_at = time.monotonic()
        dying.control(listening=False)
        wait_until(lambda: f"{dying.url}: circuit open" in running.log())
        dying.control(listening=True)
        wait_until(lambda: f"{dying.url}: circuit closed" in running.log())
        away_seconds = time.monotonic() - gone_at
        code, summary, log = running.end()
    assert (code, summary["exit_code"], summary["rows"], summary["ok"]) == (0, 0, 1000, 1000), log
    assert ids(output) == list(range(1000))
    found = json.loads((output / "_summary.json").read_text())["hosts"]
    assert {url: host["rows"] for url, host in found.items() if host["rows"]}.keys() == {dying.url, healthy.url}
    assert found[dying.url]["rows"] + found[healthy.url]["rows"] == 1000
    assert found[dying.url]["rows"] > 150, "it works again"
    assert found[refusing.url]["requests"] == 0
    assert hanging.stats()["calls"] <= START
    faults = found[dying.url]["faults"]
    assert faults.keys() <= {"connection_lost", "connection_refused"}
    probes = 2 * away_seconds / (FIRST_CHEAP_PAUSE_SECONDS * (1 - JITTER))
    assert 0 < sum(faults.values()) <= dying.stats()["in_flight_peak"] + probes
    assert sum(host["requests"] for host in found.values()) == summary["requests"]
