"""Results of ``tune``: a table and a plot for people, JSON for programs."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from pipeline.console.streams import json_text
from pipeline.console.tables import console_for, folded_table
from pipeline.tune.curve import Curves, HostCurve
from pipeline.tune.load import Throughput
from pipeline.tune.result import HostsResult, LayoutsResult
from pipeline.tune.texts import Sample
from pipeline.tune.trial import Trial

BAR_CHARACTERS, LEAST_BAR_CHARACTERS = 40, 10
FIGURE_CHARACTERS = 16
GIGABYTE = 1e9


def show_layouts(result: LayoutsResult) -> None:
    """Print the table, the plot, what limits the layouts, and the lines that set up the best one."""
    print(_about(result.sample))
    columns = (
        "layout",
        "rows/s",
        "tokens/s",
        "one request",
        "latency",
        "95 %",
        "GPU memory",
        "on GPU",
        "GPU use",
        "note",
    )
    _print_table(columns, [_layout_cells(trial, trial is result.best) for trial in result.trials])
    _print_plot([(str(trial.layout), trial.rate) for trial in result.trials if trial.rate])
    for trial in result.trials:
        if trial.problem:
            print(f"PROBLEM {trial.layout}: {trial.problem}")
    _print_findings(result.findings, "" if result.untried is None else f"'{result.untried}' and what follows it")
    if result.best is None or result.set_up is None:
        return
    print(f"\nBest: {result.best.layout}, {result.best.rate:.2f} rows/s.")
    for heading, lines in (
        ("Shell", result.set_up.shell),
        ("systemd", result.set_up.systemd),
        ("Compose", result.set_up.compose),
        ("Then translate", result.set_up.run),
    ):
        print(f"\n{heading}:\n\n{lines}")


def show_hosts(result: HostsResult) -> None:
    """Print each host's curve, what each one adds, and the command of a run."""
    print(_about(result.sample))
    columns = ("host", "in flight", "rows/s", "tokens/s", "one request", "latency", "95 %", "at work", "note")
    _print_table(columns, [cells for host in result.curves.hosts for cells in _host_cells(host)])
    for host in result.curves.hosts:
        if host.problem:
            print(f"PROBLEM {host.url}: {host.problem}")
    for host in result.curves.measured:
        print(f"\n{host.url}")
        _print_plot([(f"{point.in_flight} in flight", point.throughput.rows_per_second) for point in host.points])
    if len(result.curves.measured) > 1:
        print("\nWhat each host adds:")
        _print_plot(list(result.added.items()))
    _print_findings(result.findings, "" if result.curves.complete else "everything")
    if result.run:
        print(f"\nThen translate:\n\n{result.run}")


def layouts_json(result: LayoutsResult) -> str:
    """Return the result as one line of JSON."""
    best = None if result.best is None else result.trials.index(result.best)
    content: dict[str, Any] = {
        "kind": "layouts",
        "complete": result.untried is None,
        "untried": None if result.untried is None else str(result.untried),
        "sample": _sample_json(result.sample),
        "gpus": [dataclasses.asdict(gpu) for gpu in result.gpus],
        "trials": [_trial_json(trial) for trial in result.trials],
        "best": best,
        "findings": result.findings,
        "set_up": None if result.set_up is None else dataclasses.asdict(result.set_up),
    }
    return json_text(content, sys.stdout)


def hosts_json(result: HostsResult) -> str:
    """Return the result as one line of JSON."""
    curves: Curves = result.curves
    content: dict[str, Any] = {
        "kind": "hosts",
        "complete": curves.complete,
        "sample": _sample_json(result.sample),
        "hosts": [
            {
                "url": host.url,
                "problem": host.problem,
                "slots": host.slots,
                "knee": None if host.knee is None else host.knee.in_flight,
                "more_possible": host.more_possible,
                "vram_share": None if host.loaded is None else host.loaded.vram_share,
                "added_rows_per_second": result.added.get(host.url),
                "points": [dataclasses.asdict(point) for point in host.points],
            }
            for host in curves.hosts
        ],
        "together": None if curves.together is None else dataclasses.asdict(curves.together),
        "findings": result.findings,
        "run": result.run,
    }
    return json_text(content, sys.stdout)


def _about(sample: Sample) -> str:
    return (
        f"{sample.model}, {sample.texts} texts of {sample.mean_characters:.0f} characters on average, context of "
        f"{sample.num_ctx} tokens ({sample.whole_share:.0%} of the texts fit it whole)"
    )


def _sample_json(sample: Sample) -> dict[str, Any]:
    names = ("model", "texts", "mean_characters", "num_ctx", "whole_share")
    return {name: getattr(sample, name) for name in names}


def _trial_json(trial: Trial) -> dict[str, Any]:
    return {
        "layout": str(trial.layout),
        "servers": [trial.layout.variables(number) for number in range(len(trial.layout.servers))],
        "problem": trial.problem,
        "load_seconds": trial.load_seconds,
        "gpu_bytes": trial.gpu_bytes,
        "model": None if trial.loaded is None else dataclasses.asdict(trial.loaded),
        "busy_percent": trial.busy_percent,
        "throughput": None if trial.throughput is None else dataclasses.asdict(trial.throughput),
    }


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    console_for(sys.stdout).print(folded_table(columns, rows))


def _print_plot(bars: Sequence[tuple[str, float]]) -> None:
    """Print a horizontal bar for each value, in rows per second."""
    highest = max((value for _, value in bars), default=0.0)
    width = max((len(label) for label, _ in bars), default=0)
    longest = max(LEAST_BAR_CHARACTERS, min(BAR_CHARACTERS, Console().width - width - FIGURE_CHARACTERS))
    for label, value in bars:
        bar = "█" * round(longest * value / highest) if highest else ""
        print(f"{label:<{width}} {bar} {value:.2f} rows/s")


def _print_findings(findings: Sequence[str], untried: str) -> None:
    for sentence in findings:
        print(f"NOTE {sentence}")
    if untried:
        print(f"NOTE time was up before {untried} could be measured: set a longer --tune_seconds for the rest")


def _layout_cells(trial: Trial, best: bool) -> tuple[str, ...]:
    notes = ["best"] * best + ["failed, see below"] * bool(trial.problem)
    notes += ["(partly) on the CPU"] * trial.partly_on_cpu + _failures(trial.throughput)
    loaded, busy = trial.loaded, trial.busy_percent
    memory = trial.gpu_bytes if trial.gpu_bytes is not None else loaded.vram_bytes if loaded is not None else None
    return (
        str(trial.layout),
        *_throughput_cells(trial.throughput),
        "-" if memory is None else f"{memory / GIGABYTE:.1f} GB",
        "-" if loaded is None else f"{loaded.vram_share:.0%}",
        "-" if not busy else ", ".join(f"{percent} %" for percent in busy.values()),
        "; ".join(notes),
    )


def _host_cells(host: HostCurve) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        (
            host.url,
            str(point.in_flight),
            *_throughput_cells(point.throughput),
            f"{point.throughput.at_work:.1f}",
            "; ".join(["knee"] * (point is host.knee) + _failures(point.throughput)),
        )
        for point in host.points
    ]
    return [*rows, (host.url, *["-"] * 7, "see below")] if host.problem else rows


def _throughput_cells(throughput: Throughput | None) -> tuple[str, ...]:
    if throughput is None:
        return ("-",) * 5
    alone = throughput.request_tokens_per_second
    return (
        f"{throughput.rows_per_second:.2f}",
        f"{throughput.tokens_per_second:.0f}",
        "-" if alone is None else f"{alone:.1f}",
        f"{throughput.latency_seconds:.2f} s",
        f"{throughput.slow_seconds:.2f} s",
    )


def _failures(throughput: Throughput | None) -> list[str]:
    return [] if throughput is None else [f"{count} {kind}" for kind, count in throughput.failures.items()]
