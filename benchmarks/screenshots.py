"""Screenshots of the report for the documentation, made from a run with a dying host, repairs and failed rows.

    python -m benchmarks.screenshots [--folder docs/images]

Needs Chromium. The hosts are simulated, so the output is not real.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.runs import folder, hosts
from pipeline.sandbox.running import SandboxProcess
from tests.pipeline.report.browser import browser_page, executable

RECORDS = Path(__file__).resolve().parents[1] / "sample_data" / "records.jsonl"
COPIES = 6
WIDTH = 1040
SHOWN_TEXTS = 3
SPEED = {"tokens_per_second": 400.0, "prompt_tokens_per_second": 4000.0, "sigma": 0.5}
REPAIRABLE = {"kind": "partly_french", "share": 0.05, "first_try_only": True}
STUBBORN = {"kind": "echo", "marker": "Dossier réf. 7"}
"""Every host fails to translate texts with this marker, so these rows fail."""

AWAY_SECONDS = ((6.0, 12.0), (20.0, float("inf")))
"""Periods in which the last host is down, in seconds after its first request."""

SHOWN_FOLDER = "/data"
"""Shown in place of the temporary folder."""

VIEWS = {
    "report-light.png": ("light", 0, 1500),
    "report-dark.png": ("dark", 0, 1500),
    "report-hosts.png": ("light", 1900, 1900),
}
"""Colour scheme, top and height of each picture in CSS pixels."""


def write_records(path: Path) -> None:
    """Write the sample records several times, each copy with other texts; one in a hundred is hard to translate."""
    lines = RECORDS.read_text("utf-8").splitlines()
    with path.open("w", encoding="utf-8") as file:
        for copy in range(COPIES):
            for number, line in enumerate(lines):
                record = json.loads(line)
                mark = "Dossier réf. 7" if (copy * len(lines) + number) % 100 == 50 else "Dossier réf."
                text = f"{record['body']}\n\n{mark}{copy}-{number}."
                file.write(json.dumps({"id": f"{copy}-{number}", "body": text}, ensure_ascii=False) + "\n")


def translate(source: Path, output: Path, running: Sequence[SandboxProcess]) -> None:
    """Run the program while the last host comes and goes."""
    command = [sys.executable, "-m", "pipeline", "--input", str(source), "--output", str(output), "--progress", "off"]
    command += [
        "--text_column",
        "body",
        "--hosts",
        ",".join(host.url for host in running),
        "--report",
        "--report_texts",
        str(SHOWN_TEXTS),
    ]
    ended = threading.Event()
    trouble = threading.Thread(target=_take_down, args=(running[-1], ended))
    trouble.start()
    try:
        code = subprocess.run([*command, "--max_failed_ratio", "1"], check=False, stdout=subprocess.DEVNULL).returncode
    finally:
        ended.set()
        trouble.join()
    if code != 0:
        raise SystemExit(f"the run failed with exit code {code}")


def _take_down(host: SandboxProcess, ended: threading.Event) -> None:
    while host.stats()["first_call_at"] is None and not ended.wait(0.1):
        pass
    started = time.monotonic()
    for begin, end in AWAY_SECONDS:
        if ended.wait(max(0.0, started + begin - time.monotonic())):
            return
        host.control(listening=False)
        if ended.wait(min(end, 3600.0) - begin):
            return
        host.control(listening=True)


async def take_pictures(page_url: str, target: Path) -> None:
    """Take the pictures of a page."""
    async with browser_page() as page:
        await page.resize(WIDTH)
        for name, (scheme, top, height) in VIEWS.items():
            await page.media(scheme)
            await page.open(page_url)
            picture = await page.screenshot((0, top, WIDTH, height))
            await asyncio.to_thread((target / name).write_bytes, picture)


def main() -> None:
    """Run the program and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("docs/images"))
    target: Path = parser.parse_args().folder
    if executable() is None:
        raise SystemExit("Chromium is missing: apt-get install chromium")
    target.mkdir(parents=True, exist_ok=True)
    with folder() as place, ExitStack() as stack:
        source = place / "reports.jsonl"
        write_records(source)
        running = [
            stack.enter_context(hosts(1, num_parallel=slots, seed=slots, faults=[REPAIRABLE, STUBBORN], **SPEED))[0]
            for slots in (4, 8, 2)
        ]
        translate(source, place / "english", running)
        page = place / "page.html"
        page.write_text(
            (place / "english" / "_report.html").read_text("utf-8").replace(str(place), SHOWN_FOLDER), "utf-8"
        )
        asyncio.run(take_pictures(page.as_uri(), target))


if __name__ == "__main__":
    main()
