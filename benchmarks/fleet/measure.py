"""One run: start hosts and clients as processes, apply changes on schedule, and evaluate the hosts' time stamps."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from benchmarks.fleet.client import Report, Task, report_of
from benchmarks.fleet.ideal import ideal_seconds
from benchmarks.fleet.scenarios import Scenario, Size, host_settings, texts, tokens_per_second, work_of
from pipeline.sandbox.running import SandboxProcess

START_ALLOWANCE_SECONDS = 1.0
POLL_SECONDS = 0.01
PATIENCE_SECONDS = 60.0
"""Allowance for imports, and for a client that does not react to its cut-off."""
SHOWN_ERRORS = 4000
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    """One run.

    Attributes:
        ratio: Makespan divided by the ideal for the answered rows; None if it was cut off.
        lost: Rows without an answer.
        broken_share: Share of requests sent to hosts that never answer; None without such hosts, or if unknown.
        cpu_ms_per_row: CPU time of the clients' processes.
        limits: Limits of the hosts as detected by the first client; empty if the contender has none.
        fairness: Ratio of the smaller to the larger throughput of two clients, while both ran; None for one client.
        extra_share: Share of the requests that hosts received beyond one per answered row: copies and repetitions.
        most_over_slots: Requests in flight on a host at the same time beyond its first number of slots, the highest of
            all hosts.
    """

    ratio: float | None
    lost: int
    broken_share: float | None
    cpu_ms_per_row: float
    limits: tuple[int, ...]
    fairness: float | None
    extra_share: float
    most_over_slots: int


def measure(scenario: Scenario, contender: str, size: Size) -> Outcome:
    """Run ``contender`` once.

    Raises:
        RunFailed: A host did not start.
        RuntimeError: A client failed.
    """
    rows = texts(scenario, size)
    work = [work_of(text, scenario.sigma) for text in rows]
    speed = tokens_per_second(scenario, size, sum(work))
    times = [change.at * size.seconds for change in scenario.changes]
    longest_seconds = size.cut_off * ideal_seconds(sum(work) / speed, scenario.rates(times))
    cut_off_seconds = longest_seconds + START_ALLOWANCE_SECONDS
    shares = [rows[number :: scenario.clients] for number in range(scenario.clients)]
    slots = [host.slots for host in scenario.hosts]
    with ExitStack() as stack:
        hosts = [stack.enter_context(SandboxProcess(host_settings(scenario, host, speed))) for host in scenario.hosts]
        urls = [host.url for host in hosts]
        clients = [
            stack.enter_context(_client(Task(contender, urls, slots, share, cut_off_seconds))) for share in shares
        ]
        for client in clients:
            client.wait_until_ready()
        for client in clients:
            client.go()
        changed_at = _change(scenario, hosts, times, cut_off_seconds)
        reports = [client.report() for client in clients]
        stats = [host.stats() for host in hosts]
    started = _first_call(stats)
    answered = [row for number, each in enumerate(reports) for row in _rows(each, number, scenario.clients)]
    ratio = None
    if started is not None and answered and not any(report.cut_off for report in reports):
        makespan = max(each["last_answer_at"] or 0.0 for each in stats) - started
        done = sum(work[row] for row in answered) / speed
        ratio = makespan / ideal_seconds(done, scenario.rates([at - started for at in changed_at]))
    return Outcome(
        ratio=ratio if ratio is not None and ratio <= size.cut_off else None,
        lost=size.rows - len(answered),
        broken_share=_broken_share(scenario, urls, reports),
        cpu_ms_per_row=sum(report.cpu_seconds for report in reports) / size.rows * 1000,
        limits=tuple(reports[0].limits.get(url, 0) for url in urls) if reports[0].limits else (),
        fairness=fairness([sorted(report.answered_at.values()) for report in reports]),
        extra_share=extra_share(sum(each["calls"] for each in stats), len(answered)),
        most_over_slots=max(
            each["in_flight_peak"] - host.slots for each, host in zip(stats, scenario.hosts, strict=True)
        ),
    )


def fairness(answered_at: Sequence[Sequence[float]]) -> float | None:
    """Ratio of the smallest to the largest client throughput, up to the last answer of the client that ends first.

    ``answered_at`` holds the sorted answer times of each client. None for one client, or if one has no answer.
    """
    if len(answered_at) < 2 or not all(answered_at):
        return None
    end = min(times[-1] for times in answered_at)
    counts = [sum(at <= end for at in times) for times in answered_at]
    return min(counts) / max(counts)


def extra_share(requests: int, answered: int) -> float:
    """Share of ``requests`` beyond one for each of the rows ``answered``."""
    return max(0, requests - answered) / requests if requests else 0.0


def _rows(report: Report, client: int, clients: int) -> Iterator[int]:
    """The row numbers, among all rows, of a client's answered rows."""
    return (client + clients * row for row in report.answered_at)


def _first_call(stats: Sequence[dict[str, Any]]) -> float | None:
    return min((each["first_call_at"] for each in stats if each["first_call_at"] is not None), default=None)


def _broken_share(scenario: Scenario, urls: Sequence[str], reports: Sequence[Report]) -> float | None:
    broken = {url for url, host in zip(urls, scenario.hosts, strict=True) if host.broken}
    sent = sum(sum(report.requests.values()) for report in reports)
    if not broken or not sent:
        return None
    return sum(count for report in reports for url, count in report.requests.items() if url in broken) / sent


def _change(
    scenario: Scenario, hosts: Sequence[SandboxProcess], times: Sequence[float], longest_seconds: float
) -> list[float]:
    """Apply the changes on schedule after the first call; returns the ``time.time()`` at which each took effect."""
    if not scenario.changes:
        return []
    give_up_at = time.time() + longest_seconds
    while (started := _first_call([host.stats() for host in hosts])) is None:
        if time.time() > give_up_at:
            return []
        time.sleep(POLL_SECONDS)
    changed_at = []
    for at, change in zip(times, scenario.changes, strict=True):
        time.sleep(max(0.0, started + at - time.time()))
        hosts[change.host].control(**change.settings)
        changed_at.append(time.time())
    return changed_at


class _Client:
    """A client's process. Its stderr goes to ``errors``, which is shown if it fails."""

    def __init__(self, task: Task, errors: IO[str]) -> None:
        self._errors = errors
        self._patience_seconds = task.cut_off_seconds + PATIENCE_SECONDS
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.fleet.client"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
        )
        self._send(json.dumps(asdict(task)))

    def wait_until_ready(self) -> None:
        self._read_line()

    def go(self) -> None:
        self._send("go")

    def report(self) -> Report:
        return report_of(self._read_line())

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _read_line(self) -> str:
        output = self._process.stdout
        assert output is not None
        line = output.readline() if select.select([output], [], [], self._patience_seconds)[0] else ""
        if not line:
            self.close()
            self._errors.seek(0)
            raise RuntimeError(
                f"a client exited with code {self._process.returncode}:\n{self._errors.read()[-SHOWN_ERRORS:]}"
            )
        return line

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def _client(task: Task) -> Iterator[_Client]:
    with tempfile.TemporaryFile("w+") as errors:
        client = _Client(task, errors)
        try:
            yield client
        finally:
            client.close()
