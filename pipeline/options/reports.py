"""Options about the checks of translations, and about what a run reports and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.options import values
from pipeline.options.command_line import CommandOptions
from pipeline.options.table import flag, option

CHECKS = "Checks"
REPORTS = "Results and reports"


@dataclass(frozen=True)
class CheckOptions(CommandOptions):
    """Options about the checks of translations, and about the languages of texts."""

    checks: Literal["off", "flag", "repair"] = option(
        "repair",
        parse=values.choice("off", "flag", "repair"),
        help="checks of each translation: off; flag: report problems only; repair: also retry, and mark the row as "
        "failed if the problem stays",
        group=CHECKS,
        metavar="KIND",
    )
    english: Literal["pass_through", "translate", "fail"] = option(
        "pass_through",
        parse=values.choice("pass_through", "translate", "fail"),
        help="policy for texts that are already English",
        group=CHECKS,
        metavar="POLICY",
    )
    other_language: Literal["pass_through", "translate", "fail"] = option(
        "pass_through",
        parse=values.choice("pass_through", "translate", "fail"),
        help="policy for texts that are neither French nor English",
        group=CHECKS,
        metavar="POLICY",
    )
    evidence: bool = flag(
        help="add the column <column>_en_evidence: the sentence, number or word behind each flag", group=CHECKS
    )
    confidence: bool = flag(
        help="ask the hosts for log probabilities (Ollama 0.12.11 or newer), and add the columns "
        "<column>_en_logprob_mean and <column>_en_logprob_min: how certain the model was",
        group=CHECKS,
    )
    langid: Literal["words", "lingua"] = option(
        "words",
        parse=values.choice("words", "lingua"),
        help="how to detect the language of a text: words needs nothing; lingua (extra 'langid') also recognises short "
        "texts, and takes about 200 MB more memory",
        group=CHECKS,
        metavar="KIND",
    )


@dataclass(frozen=True)
class ReportOptions(CommandOptions):
    """Options about exit codes, summary, progress and log."""

    max_failed_ratio: float = option(
        0.01,
        parse=values.number(0, 1),
        help="share of failed rows above which the run exits with 3",
        group=REPORTS,
        metavar="RATIO",
    )
    skip_exit_code: int | None = option(
        None,
        parse=lambda text: int(values.choice("99")(text)),
        help="99: exit with 99 instead of 0 when there is nothing to do, which Airflow shows as skipped",
        group=REPORTS,
        metavar="99",
    )
    summary_file: str | None = option(
        None,
        parse=values.text,
        help="also write the summary to this file, besides OUTPUT/_summary.json",
        group=REPORTS,
        metavar="FILE",
    )
    summary_format: Literal["auto", "json", "table"] = option(
        "auto",
        parse=values.choice("auto", "json", "table"),
        help="format of the summary on stdout: json is one line, table is for people, auto a table on a terminal, else "
        "json",
        group=REPORTS,
        metavar="FORMAT",
    )
    report: bool = flag(
        help="write OUTPUT/_report.html at the end of the run: one self-contained page with figures, plots and advice",
        group=REPORTS,
    )
    report_texts: int = option(
        0,
        parse=values.whole(0, 500),
        help="show the texts of the N worst rows in the report; texts may be private",
        group=REPORTS,
        metavar="N",
    )
    dead_letter_texts: bool = flag(
        help="also write the source of each failed text to its dead letter, beside the best candidate; texts may be "
        "private",
        group=REPORTS,
    )
    metrics_port: int | None = option(
        None,
        parse=values.whole(0, 65535),
        help="serve Prometheus metrics on this port while the run lasts (extra 'metrics'); 0 picks a free one",
        group=REPORTS,
        metavar="PORT",
    )
    metrics_address: str = option(
        "127.0.0.1",
        parse=values.text,
        help="address to serve metrics on; anyone who can reach it can read them",
        group=REPORTS,
        metavar="ADDRESS",
    )
    progress: Literal["auto", "rich", "plain", "off"] = option(
        "auto",
        parse=values.choice("auto", "rich", "plain", "off"),
        help="progress on stderr: rich is a live display, plain a line every 30 s, auto rich on a terminal, else plain",
        group=REPORTS,
        metavar="KIND",
    )
    log_format: Literal["text", "json"] = option(
        "text",
        parse=values.choice("text", "json"),
        help="format of the log: text, or json with one object per line",
        group=REPORTS,
        metavar="FORMAT",
    )
    log_level: Literal["debug", "info", "warning", "error"] = option(
        "info",
        parse=values.choice("debug", "info", "warning", "error"),
        help="minimum log level",
        group=REPORTS,
        metavar="LEVEL",
    )
