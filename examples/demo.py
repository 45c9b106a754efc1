"""Translate the sample records on your Ollama hosts, or on simulated hosts if none of yours has the model.

python examples/demo.py [OPTIONS OF python -m pipeline]
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from pipeline.cli import main
from pipeline.console.preview import show_preview
from pipeline.options.run import RUN
from transforms.fleet.host.admission import eligible, inspect_all

OUTPUT = "demo_output"
ROWS_SHOWN = 3
SAMPLE_DATA = Path(__file__).resolve().parents[1] / "sample_data"


def arguments(more: list[str]) -> list[str]:
    """The demo's command line, with the user's options ``more``."""
    records = ["--input", str(SAMPLE_DATA / "records.parquet"), "--output", OUTPUT, "--text_column", "body"]
    given = [*records, "--overwrite", "--max_failed_ratio", "0.05", *more]
    options = RUN.parse(given, os.environ)
    if options.sandbox is not None:
        return given
    reports = asyncio.run(inspect_all(options.hosts, options.use_proxy))
    found = [eligible(report, [options.model], {}) for report in reports]
    if any(host.digests for host in found):
        return given
    for report, host in zip(reports, found, strict=True):
        problem = report.problem or next(iter(host.problems.values()))[0]
        print(f"demo: {report.url}: {problem}", file=sys.stderr)
    print("demo: no usable Ollama host; starting simulated hosts, whose output is not real", file=sys.stderr)
    return [*given, "--sandbox"]


def demo(more: list[str]) -> int:
    """Run the program and show the first rows of its output."""
    code = main(arguments(more))
    show_preview(sorted(map(str, Path(OUTPUT).glob("part-*.parquet"))), ["body"], ROWS_SHOWN)
    return code


if __name__ == "__main__":
    sys.exit(demo(sys.argv[1:]))
