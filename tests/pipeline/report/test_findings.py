from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from pipeline.report.figures import Figures
from pipeline.report.findings import duration, findings, verdict
from pipeline.report.run_files import RecordedRun
from tests.pipeline.report.outputs import GPU1, dying_host, record, statistics
from transforms.sink.statistics import HostStatistics, Statistics


def figures(**changes: Any) -> Figures:
    values: dict[str, Any] = {
        "output": "/out",
        "statistics": statistics(),
        "parts": 2,
        "inputs": 1,
        "recipes": (),
        "versions": ("0.1.0",),
        "summary": {"rows_in": 1000, "exit_code": 0},
        "runs": (RecordedRun(record({"rows_in": 1000}), tuple(dying_host())),),
        "failed_parts": {"part-b.parquet": 2, "part-a.parquet": 8},
    }
    return Figures(**(values | changes))


@pytest.mark.parametrize(
    ("rows", "failed", "level", "sentence"),
    [
        (1000, 0, "good", "All 1,000 rows are complete; 30 of them (3.0%) have a flag."),
        (1000, 10, "attention", "990 of 1,000 rows are translated; 10 failed."),
        (1000, 11, "bad", "11 of 1,000 rows failed (1.1%): untranslated 11."),
        (990, 0, "bad", "The output is incomplete: 990 of 1,000 rows are written."),
    ],
)
def test_the_verdict_is_a_sentence(rows: int, failed: int, level: str, sentence: str) -> None:
    found = verdict(figures(statistics=statistics(rows, failed)))
    assert (found.level, found.sentence) == (level, sentence)


def test_nothing_wrong_is_said_in_as_many_words() -> None:
    perfect = Statistics(rows=5, statuses=Counter(ok=4, skipped=1))
    clean = figures(statistics=perfect, runs=(), summary={})
    assert (
        verdict(clean).sentence == "All 5 rows are complete, 1 had nothing to translate, and no check found anything."
    )
    assert findings(clean) == []


def test_a_dying_host_repairs_and_failed_rows_are_explained_with_figures_and_remedies() -> None:
    found = {finding.title: finding for finding in findings(figures())}
    failed = found["Rows failed: untranslated"]
    assert "10 rows (1.0%): the answer repeats the source." in failed.text
    assert "--retry_failed" in failed.remedy
    where = found["Failed rows are in 2 of 2 parts"]
    assert where.text.startswith("part-a.parquet (8), part-b.parquet (2). ")
    assert where.remedy.endswith("review --output /out --failed_only")
    host = found[f"{GPU1} was unavailable at the end"]
    assert "26 of 400 requests failed: connection_refused 26." in host.text
    assert "circuit open from 20 s to 35 s, circuit open from 50 s to the end" in host.text
    assert host.remedy == "Start Ollama there: ollama serve."
    repaired = found["Texts were retried after a check"]
    assert "The first answer of 50 texts failed a check; 60 extra requests (5.5% of all) improved 45" in repaired.text
    assert "number_missing (40 requests, 1 min 20 s, 35 better); untranslated (20 requests, 9 s, 10" in repaired.text
    assert "7 repairs were omitted" in repaired.text
    assert "kept their best answer with a flag, or failed" in repaired.text
    assert "number_missing (20): a number of the source is missing" in found["30 rows have warnings"].text
    assert not any("superseded" in finding.text for finding in found.values())


def test_a_killed_run_says_how_to_resume() -> None:
    killed = figures(statistics=statistics(600, 0), summary={}, runs=(RecordedRun(record(), ()),))
    first = findings(killed)[0]
    assert (first.level, first.title) == ("bad", "400 rows are not written yet")
    assert "killed" in first.text
    assert first.remedy == "Rerun the same command to resume."


def test_a_single_failed_request_of_many_is_no_finding() -> None:
    good = replace(statistics(1000, 0), hosts={GPU1: HostStatistics(999, 1000, faults=Counter(busy=1))})
    assert [finding for finding in findings(figures(statistics=good, runs=())) if GPU1 in finding.title] == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (2.5, "2.5 s"),
        (45.2, "45 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (3600, "1 h"),
    ],
)
def test_durations_are_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_requests_that_were_lost_with_a_worker_are_told() -> None:
    lost = {finding.title: finding for finding in findings(figures(summary={"rows_in": 1000, "lost_requests": 543}))}
    assert "At least 543 requests were made again" in lost["Workers were lost in the last run"].text
