"""``Translate`` on an endless source, on real engines (opt-in)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import PipelineState
from apache_beam.transforms.periodicsequence import PeriodicImpulse
from apache_beam.transforms.window import FixedWindows
from apache_beam.utils.timestamp import Timestamp

from pipeline.sandbox.running import SandboxProcess
from tests.engines import installed
from tests.runners.flink import FlinkCluster
from tests.runners.jobs import wait_until
from transforms import Translate

pytestmark = [pytest.mark.engines, pytest.mark.timeout(900)]

PER_SECOND = 10
SLOTS = 10
LATE_SECONDS = 5
"""A row comes out so long after it was made, or sooner, once the engine has caught up."""


class Stream:
    """A pipeline that translates a sentence ten times a second, from now to the end of time, in windows of an hour.

    Args:
        options: Options that choose the engine.
        hosts: Simulated hosts.
        place: A directory for its translation memory and its rows.
    """

    def __init__(self, options: Sequence[str], hosts: Sequence[SandboxProcess], place: Path) -> None:
        self._rows = place / "rows.jsonl"
        self.began = int(time.time())
        pipeline = beam.Pipeline(options=PipelineOptions([*options, "--streaming"]))
        _ = (
            pipeline
            # Without a start it begins when Beam was imported, and catches up.
            | PeriodicImpulse(start_timestamp=Timestamp(self.began), fire_interval=1 / PER_SECOND)
            | "Rows" >> beam.Map(_row)
            | "Hours" >> beam.WindowInto(FixedWindows(3600, offset=self.began % 3600))
            | Translate(["body"], [host.url for host in hosts], model="mistral", memory=str(place / "memory.sqlite"))
            | "Keep" >> beam.ParDo(_Keep(str(self._rows)))
        )
        self._result = pipeline.run()

    def rows(self) -> list[_Row]:
        """What has come out so far."""
        lines = self._rows.read_text().splitlines() if self._rows.exists() else []
        return [_Row(**json.loads(line)) for line in lines]

    def has_all_until(self, second: float) -> bool:
        """Whether each row has come out that a moment has made, and all before it."""
        made = set(range(self.began * PER_SECOND, int(second * PER_SECOND)))
        return made <= {row.number for row in self.rows()}

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition, and fail if it does not hold in time, or cannot hold since the pipeline has ended."""
        wait_until(lambda: condition() or PipelineState.is_terminal(self._result.state))
        assert condition(), f"the pipeline is {self._result.state}"

    def cancel(self) -> None:
        """End the pipeline."""
        self._result.cancel()


@dataclass(frozen=True)
class _Row:
    number: int
    status: str
    kept_at: float
    window_end: float


def _row(second: float) -> dict[str, Any]:
    number = round(second * PER_SECOND)
    return {"number": number, "body": f"La pompe {number} a été remplacée hier soir."}


class _Keep(beam.DoFn):
    """Appends each row to a file, with the time and the end of its window."""

    def __init__(self, path: str) -> None:
        self._path = path

    def process(self, row: dict[str, Any], window: Any = beam.DoFn.WindowParam) -> None:
        """Keep one row."""
        kept = {"number": row["number"], "status": row["body_en_status"]}
        line = json.dumps({**kept, "kept_at": time.time(), "window_end": float(window.end)})
        with Path(self._path).open("a") as file:
            file.write(f"{line}\n")


def check_that_rows_do_not_wait(stream: Stream) -> None:
    """Assert that rows come out within seconds, and not at the end of their window."""
    try:
        stream.wait_until(lambda: len(stream.rows()) >= 50)
    finally:
        stream.cancel()
    rows = stream.rows()
    assert {row.status for row in rows} <= {"ok", "warn"}
    assert min(row.window_end for row in rows) > stream.began
    assert max(row.kept_at for row in rows) < max(row.window_end for row in rows)
    assert len({row.number for row in rows}) == len(rows)


def test_on_prism(engine_hosts: list[SandboxProcess], tmp_path: Path) -> None:
    location = installed("bin/prism") / "bin" / "prism"
    options = ["--runner=PrismRunner", f"--prism_location={location}", "--environment_type=LOOPBACK"]
    check_that_rows_do_not_wait(Stream(options, engine_hosts, tmp_path))


def test_on_flink(engine_hosts: list[SandboxProcess], tmp_path: Path) -> None:
    with FlinkCluster(installed("flink/lib"), tmp_path / "flink") as cluster:
        check_that_rows_do_not_wait(Stream(cluster.options("PROCESS"), engine_hosts, tmp_path))


def test_a_worker_of_flink_that_is_lost_between_two_checkpoints_costs_no_row_and_only_requests_in_flight(
    engine_hosts: list[SandboxProcess], tmp_path: Path
) -> None:
    for host in engine_hosts:
        host.control(record_requests=True)
    with FlinkCluster(installed("flink/lib"), tmp_path / "flink") as cluster:
        # Without the second option Beam keeps what a checkpoint ends until the next element: for an impulse, for ever.
        checkpoints = ["--checkpointing_interval=3000", "--finish_bundle_before_checkpointing"]
        stream = Stream([*cluster.options("PROCESS"), *checkpoints], engine_hosts, tmp_path)
        try:
            # What the engine has to catch up with when it begins comes much faster than the rows after it.
            stream.wait_until(lambda: stream.has_all_until(max(time.time() - LATE_SECONDS, stream.began + 10)))
            killed_at = time.time()
            for number in range(2):
                cluster.kill_task_manager(number)
            for number in range(2, 4):
                cluster.start_task_manager(number)
            stream.wait_until(lambda: stream.has_all_until(killed_at + 10))
        finally:
            stream.cancel()
    requests = [request for host in engine_hosts for request in host.stats(with_requests=True)["requests"]]
    texts = {request["body"]["prompt"] for request in requests}
    # Those in flight when the workers were killed, the answers of the second before, and late hedged requests.
    assert len(requests) - len(texts) <= 2 * SLOTS + 2 * PER_SECOND
