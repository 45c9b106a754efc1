"""Summary of a run, for people and schedulers: ``_summary.json`` and one line of JSON on stdout."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.console.streams import json_text
from pipeline.execution import Execution
from pipeline.exit_codes import ExitCode
from pipeline.options.run import RunOptions, echo
from pipeline.plan import RunPlan
from pipeline.resume import ResumedPlan
from pipeline.sandbox import NOT_REAL
from transforms import __version__
from transforms.errors import RunFailed
from transforms.file_systems import file_system
from transforms.masking import mask_values
from transforms.sink.footers import PartFooter
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.statistics import ORIGINS, STATUSES, HostStatistics, Statistics
from transforms.sink.write_errors import reason

LOG = logging.getLogger(__name__)

SUMMARY_FILE = "_summary.json"
STOPPED = "stopped early; rerun the same command to resume"
SHOWN_ERROR_CLASSES = 5


@dataclass(frozen=True)
class PartCounts:
    """Statistics from the footers of the parts: what is on disk, whichever run wrote it.

    Attributes:
        all_rows: Sum over every part that belongs to the input now.
        this_run: Sum over the parts that this run wrote.
        units_written: Number of parts that this run wrote.
        units_skipped: Number of parts that were complete before.
    """

    all_rows: Statistics = field(default_factory=Statistics)
    this_run: Statistics = field(default_factory=Statistics)
    units_written: int = 0
    units_skipped: int = 0

    def failed_ratio(self) -> float:
        """Return the share of rows that failed; 0 without rows."""
        return self.all_rows.statuses["failed"] / self.all_rows.rows if self.all_rows.rows else 0.0


def count_parts(resumed: ResumedPlan, footers: Mapping[str, PartFooter | None]) -> PartCounts:
    """Add up the statistics of the parts that belong to the plan.

    Args:
        resumed: Plan of the run.
        footers: Footers of the existing parts.
    """
    plan, resumption = resumed.plan, resumed.resumption
    left = {unit.part_name for unit in resumption.left}
    all_rows, this_run = Statistics(), Statistics()
    written = skipped = 0
    for unit in plan.units:
        footer = footers.get(unit.part_name)
        if footer is None:
            continue
        if unit.part_name not in left:
            skipped += 1
        elif resumption.is_new(unit.part_name, footer):
            written += 1
            this_run.add(footer.statistics)
        else:
            continue
        all_rows.add(footer.statistics)
    return PartCounts(all_rows, this_run, written, skipped)


@dataclass(frozen=True)
class Summary:
    """The figures of one run.

    Attributes:
        output: Where the parts are.
        model, model_digest: The model of the run; the digest is None if no host was asked.
        rows_in: Number of rows of the input, as planned.
        counts: Statistics of the parts.
        removed_inputs: Addresses of input files that were deleted since an earlier run.
        slots: Slots of each host, by its address, as found or given; None where the run was too short to find them.
        wall_seconds: Duration of the run.
        exit_code: Exit code of the process.
        message: Why the run ended early; None if it did not.
        not_real: Label of output that simulated hosts made; None for real output.
        options: Options in force, with secrets masked.
        requests_sent: Requests of workers in other processes, those of lost workers included; None if there were none.
    """

    output: str
    model: str
    model_digest: str | None
    rows_in: int
    counts: PartCounts
    removed_inputs: tuple[str, ...]
    slots: Mapping[str, int | None]
    wall_seconds: float
    exit_code: ExitCode
    message: str | None
    not_real: str | None
    options: Mapping[str, Any] = field(default_factory=dict)
    requests_sent: int | None = None

    def line(self) -> str:
        """Return one line of JSON for stdout."""
        return json_text(mask_values(self._short()), sys.stdout)

    def detailed(self) -> dict[str, Any]:
        """Return the content of ``_summary.json``: the keys of the line and more."""
        run, all_rows = self.counts.this_run, self.counts.all_rows
        return {
            **self._short(),
            "failures": dict(run.failures),
            "failed_rows": dict(all_rows.failed_rows),
            "flags": dict(all_rows.flags),
            "mixed_digests": all_rows.mixed_digests(),
            "repairs": {
                **{name: run.repairs[name] for name in ("texts", "requests", "better")},
                "kinds": self._kinds(),
            },
            "rows_in": self.rows_in,
            "removed_inputs": list(self.removed_inputs),
            "rows_written": run.rows,
            **({} if self.requests_sent is None else {"lost_requests": max(0, self.requests_sent - run.requests)}),
            "version": __version__,
            "options": dict(self.options),
            "rates": {
                "rows_per_second": self._rate(run.rows),
                "output_tokens_per_second": self._rate(sum(host.output_tokens for host in run.hosts.values())),
            },
        }

    def _short(self) -> dict[str, Any]:
        run, all_rows = self.counts.this_run, self.counts.all_rows
        urls = list(dict.fromkeys([*self.slots, *run.hosts]))
        label = {"not_real": self.not_real} if self.not_real else {}
        message = {"message": self.message} if self.message else {}
        return {
            "exit_code": self.exit_code,
            **message,
            **label,
            "output": self.output,
            "model": self.model,
            "model_digest": self.model_digest,
            "rows": all_rows.rows,
            **{status: all_rows.statuses[status] for status in STATUSES},
            "origins": {origin: all_rows.origins[origin] for origin in ORIGINS if all_rows.origins[origin]},
            "requests": run.requests,
            "repeated_requests": run.repeated_requests,
            "units_written": self.counts.units_written,
            "units_skipped": self.counts.units_skipped,
            "hosts": {url: self._host(run.hosts.get(url, HostStatistics()), self.slots.get(url)) for url in urls},
            "wall_seconds": round(self.wall_seconds, 3),
        }

    def _kinds(self) -> dict[str, dict[str, Any]]:
        """Return what the repairs of each kind of fault cost and gained, the most expensive first."""
        kinds = sorted(self.counts.this_run.repair_kinds.items(), key=lambda kind: -kind[1].requests)
        return {fault: {**vars(kind), "seconds": round(kind.seconds, 3)} for fault, kind in kinds}

    @staticmethod
    def _host(host: HostStatistics, slots: int | None) -> dict[str, Any]:
        return {
            "rows": host.rows,
            "requests": host.requests,
            "prompt_tokens": host.prompt_tokens,
            "output_tokens": host.output_tokens,
            "busy_seconds": round(host.busy_seconds, 3),
            "slots": slots,
            "faults": dict(host.faults),
        }

    def _rate(self, count: int) -> float:
        return round(count / self.wall_seconds, 3) if self.wall_seconds else 0.0


def summarise(
    options: RunOptions,
    plan: RunPlan,
    resumed: ResumedPlan | None,
    footers: Mapping[str, PartFooter | None],
    execution: Execution,
    stop_code: ExitCode | None,
    wall_seconds: float,
) -> Summary:
    """Count what is on disk and decide on the exit code.

    Args:
        options: Options of the run.
        plan: All units of the input.
        resumed: What was left to do; None if the run was stopped before that was known.
        footers: Footers of the existing parts.
        execution: How the execution ended.
        stop_code: Exit code of the signal that stopped the run; None without a signal.
        wall_seconds: Duration of the run.

    Raises:
        RunFailed: The run came to its end, but rows are missing.
    """
    counts = PartCounts() if resumed is None else count_parts(resumed, footers)
    if execution.stopped and stop_code is not None:
        LOG.warning("%s", STOPPED)
        code, message = stop_code, STOPPED
    elif execution.failure is not None:
        code, message = ExitCode.FAILED, str(execution.failure)
    else:
        nothing_left = resumed is not None and not resumed.resumption.left
        code, message = verdict(options, plan, counts, nothing_left), None
    return Summary(
        output=str(plan.output),
        model=options.model,
        model_digest=None if resumed is None else resumed.recipe.model_digest,
        rows_in=plan.rows,
        counts=counts,
        removed_inputs=() if resumed is None else resumed.resumption.removed,
        slots=execution.slots,
        wall_seconds=wall_seconds,
        exit_code=code,
        message=message,
        not_real=NOT_REAL if options.sandbox else None,
        options=echo(options),
        requests_sent=execution.requests_sent,
    )


def verdict(options: RunOptions, plan: RunPlan, counts: PartCounts, nothing_left: bool) -> ExitCode:
    """Return the exit code of a run that came to its end.

    Raises:
        RunFailed: Rows are missing.
    """
    rows = counts.all_rows
    if rows.rows != plan.rows:
        raise RunFailed(
            f"the input has {plan.rows} rows, but {plan.output} holds {rows.rows} of them: rerun the same command"
        )
    if repairs := counts.this_run.repairs:
        LOG.info(
            "texts retried because a check failed: %d; %d extra requests improved %d of them",
            repairs["texts"],
            repairs["requests"],
            repairs["better"],
        )
    for sentence in about_mixed_digests(counts):
        LOG.warning("%s", sentence)
    if counts.failed_ratio() > options.max_failed_ratio:
        LOG.warning(
            "%d of %d rows failed, more than --max_failed_ratio %s allows: %s",
            rows.statuses["failed"],
            rows.rows,
            options.max_failed_ratio,
            ", ".join(f"{kind} {count}" for kind, count in rows.failed_rows.most_common(SHOWN_ERROR_CLASSES)),
        )
        return ExitCode.TOO_MANY_FAILED
    if nothing_left and options.skip_exit_code is not None:
        return ExitCode(options.skip_exit_code)
    return ExitCode.DONE


def about_mixed_digests(counts: PartCounts) -> list[str]:
    """Return a sentence for each model that was used in several versions."""
    return [
        f"the translations come from {len(digests)} versions of the model {model!r}, and may differ: "
        + ", ".join(f"{digest[:12]} {texts:,}" for digest, texts in sorted(digests.items(), key=lambda each: -each[1]))
        + " texts; see the model_digest column"
        for model, digests in counts.all_rows.mixed_digests().items()
    ]


def earlier_speed(output: OutputDirectory) -> float | None:
    """Return the rows per second of the previous run on an output; None if no summary tells it."""
    try:
        fs, path = file_system(output.path_of(SUMMARY_FILE))
        with fs.open(path, "rb") as file:
            return float(json.load(file)["rates"]["rows_per_second"]) or None
    except Exception:  # a missing, damaged or older summary only costs a remark; each client library has its own errors
        return None


def publish(
    summary: Summary, output: OutputDirectory, summary_file: str | None, show: Callable[[Summary], None]
) -> None:
    """Write the summary to the output and to ``summary_file`` if given, and show it on stdout.

    Args:
        summary: The summary.
        output: The output directory.
        summary_file: Another place for the summary; None for none.
        show: Prints the summary.

    Raises:
        RunFailed: A file or stdout cannot be written.
        BrokenPipeError: The reader of stdout closed it.
    """
    detailed = json.dumps(mask_values(summary.detailed()), ensure_ascii=False, indent=2) + "\n"
    output.write_bytes(SUMMARY_FILE, detailed.encode())
    if summary_file:
        try:
            fs, path = file_system(summary_file)
            # Not fsspec.open, which leaves the file open if its last bytes can't be written.
            with fs.open(path, "wb") as file:
                file.write(detailed.encode())
        except Exception as error:  # each client library has exceptions of its own
            raise RunFailed(f"--summary_file {summary_file}: {reason(error)}") from error
    place = output.path_of(SUMMARY_FILE)
    try:
        show(summary)
        sys.stdout.flush()  # so that a reader of the pipe sees each run of --watch at once
    except BrokenPipeError:
        LOG.warning("stdout was closed: the summary is in %s", place)
        raise
    except OSError as error:
        raise RunFailed(f"cannot write to stdout: {reason(error)}; the summary is in {place}") from error
