"""Runs that are killed and started again, as real processes: the end is that of a run that was left alone."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from benchmarks.kills import Asked, Host, command, content, left_behind, run_until, write_inputs
from pipeline.sandbox.running import SandboxThread
from pipeline.sandbox.settings import HostSettings
from tests.conftest import MakeHost

SEED = 20
ROWS = 400
KILLS = 6
PATIENCE_SECONDS = 60.0


class Unbroken(NamedTuple):
    """The inputs, and what a run that was left alone makes of them."""

    source: Path
    content: dict[str, Any]
    texts: int


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Unbroken:
    place = tmp_path_factory.mktemp("unbroken")
    source = write_inputs(place / "in", ROWS, SEED)
    settings = HostSettings(record_requests=True)
    with SandboxThread(settings) as one, SandboxThread(settings) as other:
        running = [one, other]
        ended = run_until(command(source, place / "out", running), running, place / "log", lambda served: False)
        assert (ended.killed, ended.code) == (False, 0), ended.log
        assert left_behind(place / "out") == set()
        asked = Asked(running)
        asked.again()
    return Unbroken(source, content(place / "out"), asked.texts)


@pytest.mark.slow
def test_the_inputs_hold_all_that_matters(unbroken: Unbroken) -> None:
    parts = [part for name, part in unbroken.content.items() if name.endswith(".parquet")]
    rows = [row for _, part in parts for row in part]
    assert len(rows) == ROWS
    assert len(parts) >= 10
    statuses = Counter(row["text_en_status"] for row in rows)
    assert statuses["failed"] == 1
    assert statuses["skipped"] >= 2
    assert unbroken.texts == len({row["text"] for row in rows if row["text_en_status"] in ("ok", "warn")})
    assert unbroken.texts < 0.85 * ROWS
    assert rows[0].keys() >= {"id", "text", "site", "hours", "text_en", "text_en_flags", "text_en_error"}
    (letters,) = (letters for name, letters in unbroken.content.items() if name.endswith(".jsonl"))
    assert [letter["error_class"] for letter in letters] == ["bad_line"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_that_is_killed_six_times_ends_as_one_that_was_not(
    sandbox_host: MakeHost, unbroken: Unbroken, tmp_path: Path
) -> None:
    running = [sandbox_host(num_parallel=2, tokens_per_second=500.0, record_requests=True) for _ in range(2)]
    arguments, log = command(unbroken.source, tmp_path / "out", running), tmp_path / "log"
    asked, draw = Asked(running), random.Random(SEED)
    in_flight = again = 0
    for _ in range(KILLS):
        until = sum(host.stats()["served"] for host in running) + draw.randint(15, 45)
        ended = run_until(arguments, running, log, until.__le__)
        assert ended.killed, ended.log
        assert "Traceback" not in ended.log
        in_flight += ended.in_flight
        again += asked.again().total()
    assert in_flight > 0
    one_second = answers_a_second(running, slots=4)
    for host in running:
        host.control(tokens_per_second=0)
    ended = run_until(arguments, running, log, lambda served: False)
    assert (ended.killed, ended.code) == (False, 0), ended.log
    assert content(tmp_path / "out") == unbroken.content
    assert left_behind(tmp_path / "out") == set()
    assert again + asked.again().total() <= in_flight + one_second < 0.75 * unbroken.texts


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_that_is_killed_before_its_first_request_and_while_it_stops(
    sandbox_host: MakeHost, unbroken: Unbroken, tmp_path: Path
) -> None:
    host, output, log = sandbox_host(tokens_per_second=300.0, record_requests=True), tmp_path / "out", tmp_path / "log"
    arguments, asked = command(unbroken.source, output, [host]), Asked([host])
    host.control(listening=False)
    planned = run_until(arguments, [host], log, lambda served: (output / "_state" / "lock").exists())
    assert planned.killed, planned.log
    assert host.stats()["calls"] == 0
    asked.again()
    host.control(listening=True)

    with log.open("wb") as errors, subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=errors) as process:
        wait_until(lambda: host.stats()["served"] >= 150, process)
        process.terminate()
        wait_until(lambda: "waiting up to" in log.read_text(), process)
        in_flight = host.stats()["in_flight"]
        process.kill()
    assert process.returncode == -signal.SIGKILL, "it had ended before"
    asked.again()
    one_second = answers_a_second([host], slots=4)
    host.control(tokens_per_second=0)
    ended = run_until(arguments, [host], log, lambda served: False)
    assert (ended.killed, ended.code) == (False, 0), ended.log
    assert content(output) == unbroken.content
    assert left_behind(output) == set()
    assert asked.again().total() <= in_flight + one_second < 120


def answers_a_second(running: Sequence[Host], slots: int) -> float:
    """Of hosts that have never been idle."""
    stats = [host.stats() for host in running]
    return float(slots * sum(told["served"] for told in stats) / sum(told["busy_seconds"] for told in stats))


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert process.poll() is None, "it has ended"
        assert time.monotonic() < deadline
        time.sleep(0.01)
