"""Kill a run (SIGKILL) at random moments, restart it, and compare its output with that of an uninterrupted run.

    python -m benchmarks.kills [--kills 20] [--seed 1] [--rows 4000]

Prints the repeated calls of each kill, and whether the outputs are equal. Fails if they differ, or if a kill repeats
more calls than were in flight plus those answered in the second before it.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.runs import folder, hosts, text_of
from transforms.engine.memory_entry import DURATIONS_AND_COUNTS
from transforms.sink.columns import ADDED, column_name

UNIT_ROWS = 40
CHARACTERS = 100
TOKENS_PER_SECOND = 300.0
START_SECONDS = 2.0
POLL_SECONDS = 0.01

DUPLICATES = 0.2
NO_TEXTS = (None, "", " \t ")
BROKEN_LINE = '{"id": 1, "text": "Une ligne sans fin'

BY_RUN = frozenset({"host", "origin", "attempts"} | {name for name in DURATIONS_AND_COUNTS if "duration" in name})
"""Added columns that depend on the host and the time, so that they differ between runs."""

BY_FIRST = frozenset(DURATIONS_AND_COUNTS) - BY_RUN
"""Added columns that only one of the rows with equal texts has; the run determines which."""

NOT_OF_DEAD_RUNS = {
    "_summary.json",
    "_state/lock",
    "_state/parts.json.gz",
    "_state/plan_cache.json.gz",
    *(f"_state/memory.sqlite{end}" for end in ("", "-wal", "-shm", ".lock")),
}


class Host(Protocol):
    """A simulated host, in a thread or a child process, that records its requests."""

    @property
    def url(self) -> str:
        """Its address."""

    def stats(self, with_requests: bool = False) -> dict[str, Any]:
        """Its request counts."""


@dataclass(frozen=True)
class Ended:
    """A process that was killed, or finished before.

    Attributes:
        killed: Whether it was killed.
        code: Its exit code.
        in_flight: Calls that the hosts had not answered at the kill.
        last_second: Answers in the second before the kill.
        log: Its output on stderr.
    """

    killed: bool
    code: int
    in_flight: int
    last_second: int
    log: str


def write_inputs(place: Path, rows: int, seed: int) -> Path:
    """Write two Parquet files and one JSON Lines file with duplicate and missing texts, and one broken line."""
    draw = random.Random(seed)
    place.mkdir()
    records: list[dict[str, Any]] = []
    for number in range(rows):
        again = number > 0 and draw.random() < DUPLICATES
        text: str | None = records[draw.randrange(number)]["text"] if again else text_of(number, CHARACTERS)
        if draw.random() < 0.01:
            text = draw.choice(NO_TEXTS)
        records.append({"id": number, "text": text, "site": f"atelier {number % 7}", "hours": number / 4})
    cuts = (0, rows * 3 // 8, rows * 3 // 4)
    for name, start, stop in zip(("january", "february"), cuts, cuts[1:], strict=False):
        pq.write_table(pa.Table.from_pylist(records[start:stop]), place / f"{name}.parquet", row_group_size=100)
    lines = [json.dumps(record, ensure_ascii=False) for record in records[cuts[2] :]]
    lines[len(lines) // 2] = BROKEN_LINE
    (place / "march.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return place


def command(source: Path, output: Path, running: Sequence[Host]) -> list[str]:
    """The command line of the program."""
    urls = ",".join(host.url for host in running)
    arguments = ["--input", str(source), "--output", str(output), "--hosts", urls, "--unit_rows", str(UNIT_ROWS)]
    return [sys.executable, "-m", "pipeline", *arguments, "--progress", "off"]


def run_until(arguments: Sequence[str], running: Sequence[Host], log: Path, due: Callable[[int], bool]) -> Ended:
    """Run a command and kill it as soon as ``due`` returns True for the number of answers of all hosts."""
    answers = [(time.monotonic(), _total(running, "served"))]
    with log.open("wb") as errors, subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=errors) as process:
        try:
            while (code := process.poll()) is None:
                now, served = time.monotonic(), _total(running, "served")
                answers.append((now, served))
                if due(served):
                    break
                time.sleep(POLL_SECONDS)
            in_flight = _total(running, "in_flight")
        finally:
            process.kill()
    killed_at, served = answers[-1]
    before = max((count for at, count in answers if at <= killed_at - 1), default=answers[0][1])
    return Ended(code is None, process.returncode, in_flight, served - before, log.read_text("utf-8"))


def _total(running: Sequence[Host], name: str) -> int:
    return sum(host.stats()[name] for host in running)


class Asked:
    """The texts that hosts received, over several runs."""

    def __init__(self, running: Sequence[Host]) -> None:
        self._running = running
        self._last: dict[str, int] = {}
        self._counted = [0] * len(running)
        self._runs = 0

    @property
    def texts(self) -> int:
        """Number of different texts received, as of the last call of ``again``."""
        return len(self._last)

    def again(self) -> Counter[int]:
        """Count the texts of earlier runs that were requested again since the last call, by the number (0, 1, ...) of
        the run that requested them last. Call it after each run.
        """
        new: set[str] = set()
        for number, host in enumerate(self._running):
            requests = host.stats(with_requests=True)["requests"]
            new.update(request["source"] for request in requests[self._counted[number] :])
            self._counted[number] = len(requests)
        again = Counter(self._last[text] for text in new & self._last.keys())
        self._last.update(dict.fromkeys(new, self._runs))
        self._runs += 1
        return again


def content(output: Path) -> dict[str, Any]:
    """The content of each file that does not depend on hosts and times: schema and rows, or dead letters."""
    tables = {path.name: pq.ParquetFile(path).read() for path in sorted(output.glob("part-*.parquet"))}
    times = Counter(text for table in tables.values() for text in table.column("text").to_pylist())
    found: dict[str, Any] = {}
    for name, table in tables.items():
        rows = table.to_pylist()
        for row in rows:
            for field in ADDED:
                if field in BY_RUN or (field in BY_FIRST and times[row["text"]] > 1):
                    del row[column_name("text", field)]
        found[name] = (table.schema.remove_metadata(), rows)
    for path in sorted(output.glob("_dead_letter/*")):
        letters = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        found[path.name] = [{name: letter[name] for name in letter if name not in BY_RUN} for letter in letters]
    return found


def left_behind(output: Path) -> set[str]:
    """Files in an output that no finished run leaves behind."""
    files = {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}
    kept = ("part-", "_dead_letter/", "_state/runs/")
    results = {name for name in files if name.startswith(kept) and not name.endswith(".tmp")}
    return files - results - NOT_OF_DEAD_RUNS


def main() -> int:
    """Kill one run many times and print the cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=4000)
    given = parser.parse_args()
    with folder() as place:
        source = write_inputs(place / "in", given.rows, given.seed)
        with hosts(2, record_requests=True) as instant:
            alone = run_until(command(source, place / "alone", instant), instant, place / "log", lambda served: False)
            asked = Asked(instant)
            asked.again()
        if alone.code != 0:
            raise SystemExit(f"the uninterrupted run failed with exit code {alone.code}\n{alone.log}")
        settings = {"num_parallel": 4, "sigma": 0.4, "tokens_per_second": TOKENS_PER_SECOND, "record_requests": True}
        with hosts(2, **settings) as running:
            within = _kill_often(command(source, place / "killed", running), running, place / "log", given, asked.texts)
        same = content(place / "killed") == content(place / "alone")
        left = left_behind(place / "killed")
    print(
        f"the output {'equals' if same else 'DIFFERS FROM'} that of the uninterrupted run; "
        f"left behind: {sorted(left) or 'nothing'}"
    )
    return int(not (within and same) or bool(left))


def _kill_often(
    arguments: Sequence[str], running: Sequence[Host], log: Path, given: argparse.Namespace, texts: int
) -> bool:
    """Kill and restart a run until it finishes. Returns whether every kill stayed within its allowed cost."""
    draw, asked = random.Random(given.seed), Asked(running)
    token_seconds = 40 * texts / TOKENS_PER_SECOND
    longest_seconds = START_SECONDS + 1.6 * token_seconds / 8 / max(1, given.kills)
    kills: list[Ended] = []
    again: Counter[int] = Counter()
    while True:
        end = time.monotonic() + draw.uniform(0, longest_seconds) if len(kills) < given.kills else float("inf")
        ended = run_until(arguments, running, log, lambda served, end=end: time.monotonic() >= end)  # type: ignore[misc]
        again.update(asked.again())
        if not ended.killed:
            break
        kills.append(ended)
    if ended.code != 0:
        raise SystemExit(f"the last run failed with exit code {ended.code}\n{ended.log}")
    for number, kill in enumerate(kills):
        print(
            f"kill {number + 1:3}: {kill.in_flight:3} in flight, {kill.last_second:4} answers in the second before, "
            f"repeated: {again[number]}"
        )
    print(
        f"{given.rows:,} rows, {texts:,} different texts, {len(kills)} kills: {again.total()} calls repeated, "
        f"{sum(kill.in_flight for kill in kills)} were in flight at the kills"
    )
    return all(again[number] <= kill.in_flight + kill.last_second for number, kill in enumerate(kills))


if __name__ == "__main__":
    sys.exit(main())
