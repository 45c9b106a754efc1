"""Columns, counts and dead letters of a batch, from the results of its texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from transforms.engine.outcome import Outcome, TextResult
from transforms.fleet.faults import Failure
from transforms.sink.columns import ADDED, added_arrays
from transforms.sink.dead_letters import DeadLetter
from transforms.sink.statistics import STATUSES, HostStatistics, RepairStatistics, Statistics
from transforms.source.text_columns import read_texts
from transforms.source.work_units import BadLine, Batch
from transforms.text.flags import SRC_MISFIT

BAD_LINE = "bad_line"
BAD_TEXT = "bad_text"
SEVERITY = {status: rank for rank, status in enumerate(("skipped", "ok", "warn", "partial", "failed"))}
"""Rank of each status; a row with several text columns has the worst status."""

assert set(SEVERITY) == set(STATUSES)  # noqa: S101 - both list all statuses


def bad_text_result(reason: str) -> TextResult:
    """Return the result for a text that cannot be read."""
    return TextResult(Outcome(None, "failed", error=f"{BAD_TEXT}: {reason}"))


def bad_line_result(line: BadLine) -> TextResult:
    """Return the result for the texts of a line that cannot be read."""
    return TextResult(Outcome(None, "failed", error=f"{BAD_LINE}: {line.reason}"))


def flag_misfits(results: Mapping[str, list[TextResult]], batch: Batch) -> None:
    """Flag the texts of rows that lost a value of another column, and fail texts that are not strings themselves.

    Args:
        results: Results of a batch by text column; changed in place.
        batch: Rows as read.
    """
    for value in batch.misfits:
        for name, column in results.items():
            if name == value.column and not batch.records.column(name)[value.row].is_valid:
                column[value.row] = bad_text_result(value.reason)
                continue
            result = column[value.row]
            if SRC_MISFIT not in result.outcome.flags:
                outcome = replace(result.outcome, flags=(*result.outcome.flags, SRC_MISFIT))
                column[value.row] = replace(result, outcome=outcome)


def output_records(
    batch: Batch,
    schema: pa.Schema,
    results: Sequence[Sequence[TextResult]],
    columns: Mapping[str, pa.DataType] = ADDED,
) -> pa.RecordBatch:
    """Return the input's columns with the added ones; ``results`` has one list per text column."""
    arrays = list(batch.records.columns)
    for column in results:
        arrays += added_arrays([result.outcome for result in column], columns)
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def count(results: Sequence[Sequence[TextResult]], rows: int) -> Statistics:
    """Return the statistics of ``rows`` rows; ``results`` has one list per text column."""
    statistics = Statistics(rows=rows)
    for texts in zip(*results, strict=True):
        worst = max((result.outcome for result in texts), key=_severity) if len(texts) > 1 else texts[0].outcome
        statistics.statuses[worst.status] += 1
        if worst.status == "failed":
            statistics.failed_rows[worst.error_class] += 1
    for column in results:
        for result in column:
            _count_text(statistics, result)
    return statistics


def _severity(outcome: Outcome) -> int:
    return SEVERITY[outcome.status]


def _count_text(statistics: Statistics, result: TextResult) -> None:
    outcome, requests = result.outcome, result.requests
    if outcome.origin is not None:
        statistics.origins[outcome.origin] += 1
    if outcome.flags:
        statistics.flags.update(outcome.flags)
    if outcome.translation is not None and outcome.model and outcome.model_digest and "," not in outcome.model:
        for digest in outcome.model_digest.split(","):
            statistics.digests[f"{outcome.model}@{digest}"] += 1
    statistics.requests += len(requests.attempts)
    statistics.repeated_requests += max(0, len(requests.attempts) - outcome.chunks)
    if requests.repairs and requests.repair_requests:
        statistics.repairs.update(texts=1, requests=requests.repair_requests, better=int(requests.repaired))
    for fault, cost in requests.repairs.items():
        made = RepairStatistics(cost.requests, cost.seconds, int(cost.better > 0), cost.omitted)
        statistics.repair_kinds.setdefault(fault, RepairStatistics()).add(made)
    for attempt in requests.attempts:
        host = _host(statistics, attempt.host)
        host.requests += 1
        if attempt.failure is not None and attempt.failure is not Failure.SUPERSEDED:
            host.faults[attempt.failure.value] += 1
            statistics.failures[attempt.failure.value] += 1
    if outcome.origin == "generated" and outcome.host is not None:
        # The chunks of a text may come from several hosts; the text is counted for the first.
        host = _host(statistics, outcome.host.partition(",")[0])
        host.rows += 1
        host.prompt_tokens += outcome.prompt_eval_count or 0
        host.output_tokens += outcome.eval_count or 0
        host.busy_seconds += max(0, (outcome.total_duration_ns or 0) - (outcome.queue_duration_ns or 0)) / 1e9


def _host(statistics: Statistics, url: str) -> HostStatistics:
    host = statistics.hosts.get(url)
    if host is None:
        host = statistics.hosts[url] = HostStatistics()
    return host


def dead_letters(
    batch: Batch, results: Mapping[str, Sequence[TextResult]], text_encoding: str | None = None
) -> tuple[DeadLetter, ...]:
    """Return the failed texts of a batch and its unreadable lines.

    Args:
        batch: Rows as read.
        results: Results of the texts by text column.
        text_encoding: Encoding of binary text columns; None to leave the source texts out of the letters.
    """
    letters = [
        DeadLetter(batch.first_row + line.row, None, BAD_LINE, line.reason, raw=line.raw) for line in batch.bad_lines
    ]
    letters += [
        DeadLetter(batch.first_row + value.row, value.column, SRC_MISFIT, value.reason, raw=value.raw)
        for value in batch.misfits
    ]
    bad_rows = {line.row for line in batch.bad_lines}
    misfit_texts = {(value.row, value.column) for value in batch.misfits}
    for column, texts in results.items():
        for row, result in enumerate(texts):
            outcome = result.outcome
            if outcome.status != "failed" or row in bad_rows or (row, column) in misfit_texts:
                continue
            letters.append(
                DeadLetter(
                    row=batch.first_row + row,
                    column=column,
                    error_class=outcome.error_class,
                    message=outcome.error or "",
                    host=outcome.host,
                    attempts=outcome.attempts,
                    candidate=result.candidate,
                    text=None if text_encoding is None else _source_text(batch, column, row, text_encoding),
                )
            )
    return tuple(letters)


def _source_text(batch: Batch, column: str, row: int, encoding: str) -> str | None:
    """The source of a text; None for bytes that are not text."""
    (text,), _ = read_texts(batch.records.column(column).slice(row, 1), encoding)
    return text
