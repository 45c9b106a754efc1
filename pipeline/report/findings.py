"""What a report says first: a verdict in a sentence, what went wrong and why, and what to do. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.report.figures import Figures
from pipeline.report.meanings import error_meaning, flag_meaning
from pipeline.report.rates import SUPERSEDED, Outage, outages
from transforms.text import flags

Level = Literal["good", "attention", "bad"]

SHOWN = 3
NOTABLE_FAULT_SHARE = 0.01
"""Failed requests of a host, as a share of its requests, from which it is mentioned."""

NOTABLE_SECONDS = 5.0
ACCEPTED_FAILED_SHARE = 0.01


@dataclass(frozen=True)
class Finding:
    """Something that a reader should know.

    Attributes:
        level: How serious it is.
        title: The fact in a few words.
        text: Figures and cause.
        remedy: What to do; empty if there is nothing to do.
    """

    level: Level
    title: str
    text: str
    remedy: str = ""


@dataclass(frozen=True)
class Verdict:
    """The overall judgement: a level and a sentence."""

    level: Level
    sentence: str


def verdict(figures: Figures) -> Verdict:
    """Judge an output in a sentence."""
    counts = figures.statistics
    rows, failed, partial = counts.rows, counts.statuses["failed"], counts.statuses["partial"]
    translated = counts.statuses["ok"] + counts.statuses["warn"]
    if figures.missing_rows:
        total = rows + figures.missing_rows
        text = f"The output is incomplete: {rows:,} of {total:,} rows are written"
        return Verdict("bad", f"{text}, of which {failed:,} failed." if failed else f"{text}.")
    if not rows:
        return Verdict("attention", "The output has no rows.")
    skipped = counts.statuses["skipped"]
    nothing = f", {skipped:,} had nothing to translate" if skipped else ""
    if failed > ACCEPTED_FAILED_SHARE * rows:
        reasons = _listed(counts.failed_rows)
        return Verdict("bad", f"{failed:,} of {rows:,} rows failed ({_share(failed, rows)}): {reasons}.")
    if failed or partial:
        left = " and ".join(
            f"{count:,} {word}"
            for count, word in ((failed, "failed"), (partial, "are only partly translated"))
            if count
        )
        return Verdict("attention", f"{translated:,} of {rows:,} rows are translated{nothing}; {left}.")
    warned = counts.statuses["warn"]
    if warned:
        flagged = f"{warned:,} of them ({_share(warned, rows)}) have a flag"
        return Verdict("good", f"All {rows:,} rows are complete{nothing}; {flagged}.")
    return Verdict("good", f"All {rows:,} rows are complete{nothing}, and no check found anything.")


def findings(figures: Figures) -> list[Finding]:
    """What went wrong and why, the most serious first."""
    found = [
        *_incomplete(figures),
        *_failed_rows(figures),
        *_hosts(figures),
        *_lost_workers(figures),
        *_repairs(figures),
        *_flags(figures),
    ]
    return sorted(found, key=lambda finding: ("bad", "attention", "good").index(finding.level))


def _incomplete(figures: Figures) -> Iterator[Finding]:
    if not figures.missing_rows:
        return
    run = figures.last_run
    killed = run is not None and run.record.summary is None
    cause = "The last run was killed or still runs" if killed else figures.summary.get("message", "The run ended early")
    yield Finding(
        "bad",
        f"{figures.missing_rows:,} rows are not written yet",
        f"{cause}. Finished parts are kept.",
        "Rerun the same command to resume.",
    )


def _failed_rows(figures: Figures) -> Iterator[Finding]:
    counts = figures.statistics
    serious: Level = "bad" if counts.statuses["failed"] > ACCEPTED_FAILED_SHARE * counts.rows else "attention"
    for name, count in counts.failed_rows.most_common():
        meaning = error_meaning(name)
        text = f"{count:,} rows ({_share(count, counts.rows)}): {meaning.text}."
        yield Finding(serious, f"Rows failed: {name}", text, meaning.remedy)
    if counts.failed_rows:
        worst = sorted(figures.failed_parts, key=lambda part: -figures.failed_parts[part])[:SHOWN]
        listed = ", ".join(f"{part} ({figures.failed_parts[part]:,})" for part in worst)
        more = ", …" * (len(figures.failed_parts) > SHOWN)
        yield Finding(
            serious,
            f"Failed rows are in {len(figures.failed_parts):,} of {figures.parts:,} parts",
            f"{listed}{more}. The rejected candidates are in _dead_letter.",
            f"Look at each with: python -m pipeline review --output {figures.output} --failed_only",
        )


def _hosts(figures: Figures) -> Iterator[Finding]:
    away: dict[str, list[Outage]] = {}
    if figures.last_run is not None:
        for outage in outages(figures.last_run.samples):
            away.setdefault(outage.host, []).append(outage)
    for url in dict.fromkeys([*figures.statistics.hosts, *away]):
        host = figures.statistics.hosts.get(url)
        faults = Counter() if host is None else Counter(host.faults)
        faults.pop(SUPERSEDED, None)
        requests = 0 if host is None else host.requests
        periods = [each for each in away.get(url, ()) if each.at_end or each.end_seconds - each.start_seconds >= 1]
        seconds = sum(each.end_seconds - each.start_seconds for each in periods)
        notable = faults.total() > NOTABLE_FAULT_SHARE * requests
        if not notable and seconds < NOTABLE_SECONDS and not any(each.at_end for each in periods):
            continue
        texts = []
        if faults:
            texts.append(f"{faults.total():,} of {requests:,} requests failed: {_listed(faults)}.")
        if periods:
            times = ", ".join(_period(each) for each in periods[:SHOWN]) + ", …" * (len(periods) > SHOWN)
            texts.append(f"It took no requests in the last run for {duration(seconds)} ({times}).")
        others = len(figures.statistics.hosts) > 1
        texts.append("Its requests went to other hosts." if others else "The run waited for it.")
        name = faults.most_common(1)[0][0] if faults else ""
        lost = any(each.at_end for each in periods)
        title = f"{url} was unavailable at the end" if lost else f"{url} had faults"
        yield Finding("attention", title, " ".join(texts), error_meaning(name).remedy if name else "")


def _lost_workers(figures: Figures) -> Iterator[Finding]:
    if lost := int(figures.summary.get("lost_requests", 0)):
        yield Finding(
            "attention",
            "Workers were lost in the last run",
            f"At least {lost:,} requests were made again, as their answers were lost with the worker that had asked.",
            "See the runner's log; with --memory redis://host:port/0, other workers get the answers of a lost one.",
        )


def _repairs(figures: Figures) -> Iterator[Finding]:
    repairs = figures.statistics.repairs
    if not repairs["texts"]:
        return
    texts, requests, better = repairs["texts"], repairs["requests"], repairs["better"]
    yield Finding(
        "good",
        "Texts were retried after a check",
        f"The first answer of {texts:,} texts failed a check; {requests:,} extra requests "
        f"({_share(requests, figures.statistics.requests)} of all) improved {better:,} of them."
        + " The others kept their best answer with a flag, or failed." * (better < texts)
        + _kinds(figures),
    )


def _kinds(figures: Figures) -> str:
    """What the most expensive kinds of repairs cost and gained, as further sentences."""
    kinds = figures.statistics.repair_kinds
    shown = sorted(kinds.items(), key=lambda item: -item[1].requests)[:SHOWN]
    each = "; ".join(
        f"{fault} ({kind.requests:,} requests, {duration(kind.seconds)}, {kind.better:,} better)"
        for fault, kind in shown
        if kind.requests
    )
    omitted = sum(kind.omitted for kind in kinds.values())
    costs = f" Most expensive: {each}." if each else ""
    return costs + (f" {omitted:,} repairs were omitted, as others of their kind had not helped." if omitted else "")


def _flags(figures: Figures) -> Iterator[Finding]:
    counts = figures.statistics
    shown = [(name, count) for name, count in counts.flags.most_common() if name in flags.SOFT][:SHOWN]
    if shown and counts.statuses["warn"]:
        text = "; ".join(f"{name} ({count:,}): {flag_meaning(name).text}" for name, count in shown)
        yield Finding(
            "good",
            f"{counts.statuses['warn']:,} rows have warnings",
            f"Most frequent: {text}.",
            "Filter the output by the status column to review them.",
        )


def _period(outage: Outage) -> str:
    end = "the end" if outage.at_end else duration(outage.end_seconds)
    return f"{outage.state} from {duration(outage.start_seconds)} to {end}"


def _listed(counts: Counter[str]) -> str:
    shown = ", ".join(f"{name} {count:,}" for name, count in counts.most_common(SHOWN))
    return shown + ", …" * (len(counts) > SHOWN)


def _share(count: int, total: int) -> str:
    return f"{count / total:.1%}" if total else "0 %"


def duration(seconds: float) -> str:
    """A duration for people: ``45 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 and seconds != whole else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
