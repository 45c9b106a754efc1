"""The transform ``Translate`` in a pipeline of one's own, against the command: time and CPU for the same records.

    python -m benchmarks.library [--rows 10000] [--pairs 3]

Both read one Parquet file, translate it on the same instant hosts with memory and checks on, and write Parquet.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.runs import folder, hosts, write_records

CHARACTERS = 200

PIPELINE = """
import sys
import apache_beam as beam
import pyarrow as pa
from apache_beam.options.pipeline_options import PipelineOptions
from transforms import Translate

source, output, hosts = sys.argv[1:]
columns = [("id", pa.int64()), ("text", pa.string()), ("text_en", pa.string()), ("text_en_status", pa.string())]
with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as pipeline:
    rows = pipeline | beam.io.ReadFromParquet(source)
    translated = rows | Translate(["text"], hosts=hosts, model="mistral", memory=f"{output}.sqlite")
    kept = translated | beam.Map(lambda row: {name: row[name] for name, _ in columns})
    kept | beam.io.WriteToParquet(output, pa.schema(columns))
"""


def timed(command: list[str]) -> tuple[float, float]:
    """Run a command; return its wall and CPU time in seconds."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command[1:3]} failed with exit code {process.returncode}")
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime


def main() -> None:
    """Run both in turn, and print the medians of their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=3)
    given = parser.parse_args()
    ratios: list[tuple[float, float]] = []
    with folder() as place, hosts(2, num_parallel=32) as running:
        source = write_records(place / "records.parquet", given.rows, CHARACTERS, 5000)
        urls = ",".join(host.url for host in running)
        for pair in range(given.pairs):
            wall, cpu = timed([sys.executable, "-m", "pipeline", *_options(source, place / f"command{pair}", urls)])
            own = timed([sys.executable, "-c", PIPELINE, str(source), str(place / f"library{pair}"), urls])
            ratios.append((own[0] / wall, own[1] / cpu))
            print(f"command {wall:.1f} s, {cpu:.1f} s CPU; transform {own[0]:.1f} s, {own[1]:.1f} s CPU", flush=True)
    walls, cpus = zip(*ratios, strict=True)
    print(f"median ratio: time {statistics.median(walls):.2f}, CPU {statistics.median(cpus):.2f}")


def _options(source: Path, output: Path, urls: str) -> list[str]:
    return [
        "--input",
        str(source),
        "--output",
        str(output),
        "--hosts",
        urls,
        "--progress",
        "off",
        "--memory",
        f"{output}.sqlite",
    ]


if __name__ == "__main__":
    main()
