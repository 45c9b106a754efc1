"""What a person at a terminal sees at the end of a run."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace

import pytest

from pipeline.console.outcome import headline, next_steps, show_outcome
from pipeline.exit_codes import ExitCode
from pipeline.options.run import RunOptions
from pipeline.summary import PartCounts, Summary
from transforms.sink.statistics import HostStatistics, RepairStatistics, Statistics

OPTIONS = RunOptions(input=("in",), output="english")
GPU0, GPU1 = "http://gpu0:11434", "http://gpu1:11434"


def summary(statuses: dict[str, int], failed: dict[str, int] | None = None, **changes: object) -> Summary:
    rows = sum(statuses.values())
    statistics = Statistics(
        rows=rows,
        statuses=Counter(statuses),
        failed_rows=Counter(failed or {}),
        flags=Counter(number_mismatch=statuses.get("warn", 0)),
        requests=rows + 5,
        repeated_requests=5,
        hosts={GPU0: HostStatistics(rows=rows, requests=rows + 5, output_tokens=1_000, faults=Counter(timeout=2))},
    )
    made = Summary(
        output="english",
        model="mistral",
        model_digest="ab",
        rows_in=rows,
        counts=PartCounts(statistics, statistics, 1, 0),
        removed_inputs=(),
        slots={GPU0: 4},
        wall_seconds=100.0,
        exit_code=ExitCode.DONE,
        message=None,
        not_real=None,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_good_run_needs_nothing_more() -> None:
    made = summary({"ok": 1_000, "skipped": 20})
    assert (
        headline(made) == "done: 1,020 of 1,020 rows in english, 1,020 of them from this run (1 min 40 s, 10.2 rows/s)"
    )
    assert next_steps(made, OPTIONS) == []


@pytest.mark.parametrize(
    ("failed", "options", "words"),
    [
        ({"untranslated": 22, "timeout": 5}, OPTIONS, "Try --retry_failed --fallback_model MODEL"),
        ({"untranslated": 27}, replace(OPTIONS, fallback_model="qwen3"), "Try --retry_failed"),
        ({"timeout": 20, "untranslated": 7}, OPTIONS, "doctor`, then try --retry_failed"),
        ({"output_truncated": 27}, OPTIONS, "try --num_ctx 8192"),
    ],
)
def test_failed_rows_have_a_remedy_that_fits(failed: dict[str, int], options: RunOptions, words: str) -> None:
    (step,) = next_steps(summary({"ok": 1_000, "failed": 27}, failed), options)
    assert step.startswith("27 rows failed (")
    assert words in step
    assert "english/_dead_letter" in step


def test_partial_rows_warnings_and_idle_hosts_are_mentioned() -> None:
    made = summary({"ok": 80, "warn": 19, "partial": 1}, slots={GPU0: 4, GPU1: 1})
    partial, idle, warned = next_steps(made, OPTIONS)
    assert partial.startswith("1 row is only partly translated")
    assert "no row came from gpu1:11434" in idle
    assert f"doctor --hosts {GPU1}" in idle
    assert "19 rows have warnings (number_mismatch 19)" in warned


def test_a_stopped_run_says_how_to_resume_and_output_that_is_not_real_says_so() -> None:
    made = summary({"ok": 10}, message="stopped early", exit_code=ExitCode.TERMINATED, not_real="NOT REAL")
    assert next_steps(made, OPTIONS) == ["NOT REAL", "rerun the same command to translate the remaining rows"]
    assert headline(made).startswith("stopped early: 10 of 10 rows")


def test_the_table_has_rows_hosts_and_no_secrets() -> None:
    stream = io.StringIO()
    made = summary({"ok": 990, "failed": 10}, {"untranslated": 10}, output="s3://key:geheim@bucket/english")
    show_outcome(made, OPTIONS, stream)
    shown = stream.getvalue()
    assert "geheim" not in shown
    assert "ok 990, failed 10" in shown
    assert "gpu0:11434" in shown
    assert "timeout 2" in shown
    assert "→ 10 rows failed" in shown


def test_repairs_are_listed_with_cost_and_gain_the_most_expensive_first() -> None:
    made = summary({"ok": 100})
    kinds = {"untranslated": RepairStatistics(20, 9.0, 0, 70), "number_missing": RepairStatistics(40, 80.0, 35)}
    made.counts.this_run.repair_kinds.update(kinds)
    stream = io.StringIO()
    show_outcome(made, OPTIONS, stream)
    first, second = (line.split() for line in stream.getvalue().splitlines() if line.startswith(tuple(kinds)))
    assert first == ["number_missing", "40", "1", "min", "20", "s", "35", "0"]
    assert second == ["untranslated", "20", "9", "s", "0", "70"]
    assert list(made.detailed()["repairs"]["kinds"]) == ["number_missing", "untranslated"]
    assert made.detailed()["repairs"]["kinds"]["untranslated"] == {
        "requests": 20,
        "seconds": 9.0,
        "better": 0,
        "omitted": 70,
    }
