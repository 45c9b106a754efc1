"""Outputs for the report's tests: parts written by the real writer, without hosts."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

import pyarrow as pa

from pipeline.report.run_files import new_name
from pipeline.report.time_series import HostSample, RunRecord, Sample, to_parquet
from tests.transforms.sink.part_batches import INPUT, SCHEMA, unit_of, write_part
from transforms.engine.outcome import Outcome
from transforms.sink.columns import added_arrays
from transforms.sink.dead_letters import DeadLetter
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.parts import TranslatedBatch
from transforms.sink.statistics import HostStatistics, RepairStatistics, Statistics

GPU0, GPU1 = "http://gpu0:11434", "http://gpu1:11434"


def host_sample(host: str = GPU0, state: str = "healthy", **changes: Any) -> HostSample:
    values: dict[str, Any] = {
        "in_flight": 4,
        "limit": 5,
        "answers": 0,
        "prompt_tokens": 0,
        "output_tokens": 0,
        "load_ns": 0,
        "prompt_eval_ns": 0,
        "eval_ns": 0,
        "queue_ns": 0,
        "latency_p50_seconds": None,
        "latency_p95_seconds": None,
        "failures": {},
    }
    return HostSample(host=host, state=state, **(values | changes))


def sample(seconds: float, *hosts: HostSample, texts: int = 0) -> Sample:
    return Sample(seconds, texts, 100 * texts, {"ok": texts}, {"generated": texts}, hosts)


def dying_host() -> list[Sample]:
    """A run of 60 s in which gpu1 refuses connections from 20 s to 35 s, and is gone from 50 s on."""
    samples = []
    for seconds in range(61):
        away = 20 <= seconds < 35 or seconds >= 50
        refused = max(0, min(seconds, 34) - 19) + max(0, seconds - 49)
        samples.append(
            sample(
                float(seconds),
                host_sample(answers=10 * seconds, output_tokens=500 * seconds),
                host_sample(
                    GPU1,
                    "circuit open" if away else "healthy",
                    answers=5 * min(seconds, 20),
                    in_flight=0 if away else 3,
                    failures={"connection_refused": refused, "superseded": 7},
                ),
                texts=12 * seconds,
            )
        )
    return samples


def statistics(rows: int = 1000, failed: int = 10) -> Statistics:
    return Statistics(
        rows=rows,
        statuses=Counter(ok=rows - failed - 30, warn=30, failed=failed),
        origins=Counter(generated=rows - failed - 20, memory=20),
        flags=Counter(number_missing=20, untranslated=failed),
        requests=1100,
        repeated_requests=90,
        failures=Counter(connection_refused=26, superseded=7),
        failed_rows=Counter(untranslated=failed) if failed else Counter(),
        repairs=Counter(texts=50, requests=60, better=45),
        repair_kinds={
            "number_missing": RepairStatistics(40, 80.0, 35),
            "untranslated": RepairStatistics(20, 9.0, 10, 7),
        },
        hosts={
            GPU0: HostStatistics(700, 700, 70_000, 35_000, 350.0),
            GPU1: HostStatistics(270, 400, 27_000, 13_500, 270.0, Counter(connection_refused=26, superseded=7)),
        },
    )


def record(summary: dict[str, Any] | None = None) -> RunRecord:
    return RunRecord("2026-01-02T03:04:05+00:00", "0.1.0", "mistral", 1000, 1000, 1000, summary)


def save_run(output: OutputDirectory, samples: list[Sample], minute: int = 0, **changes: Any) -> str:
    name = new_name(datetime(2026, 1, 2, 3, tzinfo=timezone.utc) + timedelta(minutes=minute))
    output.write_bytes(name, to_parquet(record(**changes), samples))
    return name


def outcome(status: str = "ok", host: str = GPU0, **changes: Any) -> Outcome:
    values: dict[str, Any] = {
        "translation": None if status == "failed" else "The valve was replaced.",
        "origin": None if status == "failed" else "generated",
        "attempts": 1,
        "chunks": 1,
        "model": "mistral",
        "model_digest": "5f" * 32,
        "host": host,
        "total_duration_ns": 2_000_000_000,
        "load_duration_ns": 100_000_000,
        "prompt_eval_duration_ns": 200_000_000,
        "eval_duration_ns": 1_500_000_000,
        "queue_duration_ns": 200_000_000,
        "prompt_eval_count": 90,
        "eval_count": 30,
        "done_reason": "stop",
    }
    return Outcome(status=status, **(values | changes))


def write_rows(
    output: OutputDirectory,
    outcomes: list[Outcome],
    number: int = 0,
    candidates: dict[int, str] | None = None,
    source: str = "La vanne {row} a été remplacée.",
) -> str:
    """One part with these outcomes, and dead letters with ``candidates`` for its failed rows; returns its name."""
    rows = len(outcomes)
    records = pa.record_batch([list(range(rows)), [source.format(row=row) for row in range(rows)]], INPUT)
    counts = Statistics(
        rows=rows,
        statuses=Counter(each.status for each in outcomes),
        origins=Counter(each.origin for each in outcomes if each.origin),
        flags=Counter(flag for each in outcomes for flag in each.flags),
        requests=rows,
        failed_rows=Counter(each.error_class for each in outcomes if each.status == "failed"),
        hosts={GPU0: HostStatistics(rows, rows, 90 * rows, 30 * rows, 1.8 * rows)},
    )
    letters = tuple(
        DeadLetter(row, "body", each.error_class, each.error or "", candidate=(candidates or {}).get(row))
        for row, each in enumerate(outcomes)
        if each.status == "failed"
    )
    complete = pa.RecordBatch.from_arrays([*records.columns, *added_arrays(outcomes)], schema=SCHEMA)
    unit = unit_of(rows, number)
    write_part(output, [TranslatedBatch(unit, 0, complete, True, counts, letters)])
    return unit.part_name
