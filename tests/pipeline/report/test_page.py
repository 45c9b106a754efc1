from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from html.parser import HTMLParser

import pytest

from pipeline.report.page import render
from pipeline.report.row_sample import RowSample
from pipeline.report.run_files import RecordedRun
from pipeline.review.rows import ReviewRow
from tests.pipeline.report.outputs import GPU0, GPU1, dying_host, host_sample, record, sample
from tests.pipeline.report.test_findings import figures
from tests.pipeline.report.test_page_plots import TEXT
from tests.transforms.sink.part_batches import RECIPE

NOW = datetime(2026, 1, 2, 4, 5, tzinfo=timezone.utc)
OUTSIDE = re.compile(
    r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//|@import|url\(|<script|<link|<img""", re.IGNORECASE
)
VOID = {"meta", "br", "line", "rect", "circle", "path"}


class Checker(HTMLParser):
    """Collects what a page that anybody can read must have."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.identifiers: list[str] = []
        self.targets: list[str] = []
        self.headings: list[int] = []
        self.unlabelled: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if identity := found.get("id"):
            self.identifiers.append(identity)
        if (found.get("href") or "").startswith("#"):
            self.targets.append((found["href"] or "")[1:])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "svg" and not found.get("aria-label") and found.get("aria-hidden") != "true":
            self.unlabelled.append(tag)
        if tag == "th" and not found.get("scope") and found.get("aria-hidden") != "true":
            self.unlabelled.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def page(**changes: object) -> str:
    values = {"sample": RowSample((TEXT,) * 40, 40), "recipes": (RECIPE,), **changes}
    return render(figures(**values), NOW)


def test_the_page_is_self_contained_small_and_well_formed() -> None:
    html = page()
    assert OUTSIDE.search(html) is None
    assert len(html) < 500_000
    checker = Checker()
    checker.feed(html)
    assert checker.open == []
    assert len(checker.identifiers) == len(set(checker.identifiers))
    assert set(checker.targets) <= set(checker.identifiers)
    assert checker.unlabelled == []


def test_headings_skip_no_level() -> None:
    checker = Checker()
    checker.feed(page())
    assert checker.headings[0] == 1
    assert all(after <= before + 1 for before, after in zip(checker.headings, checker.headings[1:], strict=False))


def test_it_says_what_happened() -> None:
    html = page(summary={"rows_in": 1000, "wall_seconds": 60.0, "hosts": {GPU0: {"slots": 4}}})
    text = re.sub(r"\s+", " ", re.sub(r"<style.*?</style>|<svg.*?</svg>|<[^>]+>", " ", html, flags=re.DOTALL))
    for words in (
        "Needs attention. 990 of 1,000 rows are translated; 10 failed.",
        f"{GPU1} was unavailable at the end",
        "connection_refused 26",
        "translated, with flags 30 3.0%",
        "from the translation memory",
        "http://gpu0:11434 4 700",
        "2026-01-02 03:04",
        "mistral",
        "program version 0.1.0",
    ):
        assert words in text


def test_output_of_simulated_hosts_is_labelled() -> None:
    assert "NOT REAL: simulated" in page(summary={"not_real": "NOT REAL: simulated"})
    assert "banner" not in page().partition("</style>")[2]


def test_texts_are_escaped_and_only_there_on_request() -> None:
    row = ReviewRow(
        "part-1", 7, "body", "<script>alert(1)</script>", "<b>x</b>", True, "failed", ("echo",), "echo: <i>"
    )
    html = render(figures(), NOW, [row])
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<b>x</b>" not in html
    assert "Rejected candidate" in html
    assert "Rejected candidate" not in page()


def test_names_of_hosts_and_outputs_are_escaped() -> None:
    html = page(output="/out/<img src=x>")
    assert "/out/&lt;img src=x&gt;" in html


@pytest.mark.parametrize("runs", [(), (RecordedRun(record(), ()),), (RecordedRun(record(), tuple(dying_host()[:1])),)])
def test_without_a_time_series_the_page_says_so(runs: tuple[RecordedRun, ...]) -> None:
    assert "There is no time series of the last run" in page(runs=runs)


def test_a_killed_run_is_listed() -> None:
    html = page(runs=(RecordedRun(record(), ()), RecordedRun(record({"exit_code": 143, "message": "stopped"}), ())))
    assert html.index("stopped") < html.index("killed, or still running")


def test_the_summary_of_a_real_run_fits_the_template() -> None:
    summary = json.loads(
        '{"hosts": {"http://new:11434": {"rows": 0, "slots": null}}, "rates": {}, "wall_seconds": 0.4}'
    )
    assert "http://new:11434" in page(summary=summary)


def test_the_page_says_what_it_does_not_know_of_workers_elsewhere() -> None:
    counted = tuple(sample(float(second), host_sample(state="remote", limit=0), texts=second) for second in range(3))
    assert "limits, outages and latencies over time are not known here" in page(runs=(RecordedRun(record(), counted),))
    published = tuple(sample(float(second), texts=second) for second in range(3))
    shown = page(runs=(RecordedRun(record(), published),))
    assert "the texts over time are those of published parts" in shown
    assert "Completed texts per second" in shown
    assert "The workers of the last run were other processes" not in page(
        runs=(RecordedRun(record(), tuple(dying_host())),)
    )
