"""What is printed of an evaluation."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.evaluate.certainty import CertaintyOrder
from pipeline.evaluate.report import as_json, show
from pipeline.evaluate.scores import Evaluation, Judgement, Row, Score, ScoredRow

JUDGEMENT = Judgement("judge", 12, 71.25, {0.0: 40.0, 0.5: 70.0, 0.95: 99.0, 1.0: 100.0}, 2, {"timeout": 1})
EVALUATION = Evaluation(
    output="english",
    text_column="body",
    reference_column="reference_en",
    rows=1200,
    scored=1000,
    untranslated=80,
    without_reference=120,
    statuses={"ok": 900, "failed": 300},
    flags={"number_added": 7},
    chrf=Score(61.24, "nw:2"),
    bleu=Score(30.06, "tok:13a"),
    length_ratios={0.5: 0.93, 1.0: 2.5},
    worst=[ScoredRow(3.14, Row("part-a.parquet", 5, "La pompe", "The pump", None, "warn", ("number_added",)))],
    judgement=JUDGEMENT,
)


def printed(evaluation: Evaluation, capsys: pytest.CaptureFixture[str]) -> str:
    show(evaluation)
    return capsys.readouterr().out


def test_each_figure_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [" ".join(line.split()) for line in printed(EVALUATION, capsys).splitlines()]
    assert lines[:18] == [
        "output english",
        "compared translations of body with reference_en",
        "rows 1,200",
        "ok 900 (75.0%)",
        "failed 300 (25.0%)",
        "without reference 120 rows, not scored",
        "failures 80 rows without translation, not scored",
        "scored 1,000",
        "chrF++ 61.2 nw:2",
        "BLEU 30.1 tok:13a",
        "length ratio median 0.93, maximum 2.5 (English characters per French one)",
        "flag number_added 7",
        "judge judge graded 12 translations from 0 to 100",
        "grades mean 71.2, minimum 40, median 70, 95% 99, maximum 100",
        "unusable 2 answers without a grade",
        "timeout 1 not graded",
        "Lowest chrF++",
        lines[17],
    ]


def test_the_worst_rows_are_shown_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = (line for line in printed(EVALUATION, capsys).splitlines() if "La pompe" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")][0::2] == ["3.1", "La pompe", ""]
    assert "La pompe" not in printed(replace(EVALUATION, worst=[]), capsys)


def test_what_was_not_measured_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = replace(JUDGEMENT, mean=None, quantiles={})
    text = printed(replace(EVALUATION, chrf=None, bleu=None, length_ratios={}, judgement=nothing), capsys)
    assert text.count("no rows to score") == 2
    assert "none (English characters" in text
    assert "no grades" in text
    assert "judge" not in printed(replace(EVALUATION, judgement=None), capsys)


def test_the_order_by_certainty_is_told_if_it_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    known = replace(EVALUATION, certainty={"logprob_mean": CertaintyOrder(75, 3, (45.1, 51.0, 56.34, 60.0), 0.271)})
    (line,) = (line for line in printed(known, capsys).splitlines() if line.startswith("logprob_mean"))
    assert line.endswith(
        "chrF++ 45.1, 51.0, 56.3, 60.0 by quarter, the least certain first; rank correlation 0.27 "
        "(75 rows; copied sources excluded: 3)"
    )
    unknown = replace(EVALUATION, certainty={"logprob_min": CertaintyOrder(8, 0, (50.0, 50.0, 50.0, 50.0), None)})
    assert "rank correlation unknown (8 rows)" in printed(unknown, capsys)
    assert "logprob" not in printed(EVALUATION, capsys)
    assert json.loads(as_json(known))["certainty"]["logprob_mean"]["quarters_chrf"][2] == 56.34


def test_the_json_has_all_fields_and_the_rows_flat() -> None:
    content = json.loads(as_json(EVALUATION))
    assert content["worst"] == [
        {
            "chrf": 3.14,
            "part": "part-a.parquet",
            "number": 5,
            "source": "La pompe",
            "translation": "The pump",
            "reference": None,
            "status": "warn",
            "flags": ["number_added"],
            "logprob_mean": None,
            "logprob_min": None,
        }
    ]
    assert content["judgement"]["quantiles"]["0.95"] == 99.0
    assert content["chrf"] == {"value": 61.24, "signature": "nw:2"}


def test_control_characters_of_a_text_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    row = Row("part-a.parquet", 0, "Une pompe", "A pump", "\x1b[31m[red]A pump", "ok", ())
    text = printed(replace(EVALUATION, worst=[ScoredRow(9.0, row)]), capsys)
    assert "\x1b" not in text
    assert "[red]A pump" in text
