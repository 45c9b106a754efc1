"""Findings of ``doctor``, as a table for people and as JSON for programs."""

from __future__ import annotations

import dataclasses
import sys
from typing import Any

from pipeline.console.streams import json_text
from pipeline.console.tables import console_for, folded_table
from pipeline.doctor.examine import Findings, HostFindings
from pipeline.estimate import InputSize


def show(findings: Findings, size: InputSize | None) -> None:
    """Print a table, then a line for each problem and each piece of advice."""
    headings = ("host", "Ollama", "digest", "load", "on GPU", "slots", "tokens/s", "alone", "state")
    title = f"{findings.model}, context of {findings.num_ctx} tokens"
    console_for(sys.stdout).print(folded_table(headings, map(_cells, findings.hosts), title))
    for gpu in findings.gpus:
        used = f"{gpu.used_bytes / 1e9:.1f} of {gpu.total_bytes / 1e9:.1f} GB"
        print(f"GPU {gpu.index} {gpu.name}: {used} used, up to {gpu.busy_percent} % busy during the measurement")
    for host in findings.hosts:
        if host.problem:
            print(f"PROBLEM {host.url}: {host.problem}")
    for host in findings.hosts:
        for sentence in host.advice:
            print(f"ADVICE {host.url}: {sentence}")
    for sentence in findings.advice:
        print(f"ADVICE {sentence}")
    if size is not None:
        print(_estimate(findings, size))


def as_json(findings: Findings, size: InputSize | None) -> str:
    """Return all findings as one JSON object."""
    content: dict[str, Any] = {
        "ok": findings.ok,
        **dataclasses.asdict(findings),
        "characters_per_second": findings.characters_per_second,
    }
    if size is not None:
        hours = size.hours(findings.characters_per_second)
        content["estimate"] = {**dataclasses.asdict(size), "hours": hours if hours != float("inf") else None}
    return json_text(content, sys.stdout, indent=2)


def _cells(host: HostFindings) -> tuple[str, ...]:
    speed = host.speed
    return (
        host.url,
        host.version or "-",
        host.digest[:12] or "-",
        "-" if host.load_seconds is None else f"{host.load_seconds:.1f} s",
        "-" if host.loaded is None else f"{host.loaded.vram_share:.0%}",
        _slots(host),
        _number(speed.tokens_per_second if speed else None),
        _number(speed.tokens_per_second_alone if speed else None),
        "unusable" if host.problem else "good" if not host.advice else "usable, see below",
    )


def _slots(host: HostFindings) -> str:
    if host.speed is None:
        return "-"
    if host.speed.slots is None:
        return "hidden"
    return f"{host.speed.slots}{' or more' if host.speed.more_slots else ''}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _estimate(findings: Findings, size: InputSize) -> str:
    hours = size.hours(findings.characters_per_second)
    what = f"{size.rows:,} rows, {size.texts:,} texts, about {size.characters:,} characters"
    if hours == float("inf"):
        return f"{what}: no estimate, as no host could be measured"
    time = f"{hours:.1f} hours" if hours >= 1 else f"{60 * hours:.0f} minutes" if hours > 0.02 else "a minute or less"
    return f"{what}: about {time} on these hosts, if the speed is that of the short texts used to measure it"
