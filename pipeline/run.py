"""A run, from its options to its exit code."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Mapping
from contextlib import nullcontext

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline import graph
from pipeline.console.preview import show_preview
from pipeline.console.progress import ProgressReporter
from pipeline.console.streams import json_text
from pipeline.exit_codes import ExitCode
from pipeline.options.run import RunOptions
from pipeline.preflight import find_digests
from pipeline.resume import Resumption, compare
from pipeline.sandbox import NOT_REAL
from pipeline.signals import CleanStop
from pipeline.summary import Summary
from pipeline.work import Work, engine_config, make_recipe, memory_settings
from transforms import errors
from transforms.engine.engine import live_engines
from transforms.errors import RunFailed, RunStopped, TranslateError
from transforms.file_systems import file_system
from transforms.sink import dead_letters
from transforms.sink.output_directory import reason
from transforms.sink.output_lock import OutputLock
from transforms.sink.statistics import Statistics
from transforms.translate import TranslateConfig
from transforms.write import WriteConfig

LOG = logging.getLogger(__name__)


def run_once(options: RunOptions, work: Work, stop: CleanStop) -> ExitCode:
    """Translates what is left of the work and sums up; the summary line goes to stdout.

    Raises:
        UsageError: A mistake that is found before anything was sent or written.
        RunFailed: The run cannot go on; what is finished stays.
        RunStopped: It was asked to stop, but not by a signal.
    """
    started = time.monotonic()
    summary = Summary(str(work.output), options.model, rows_in=work.rows, not_real=_label(options))
    try:
        with nullcontext() if options.dry_run else OutputLock(work.output):
            code = _run(options, work, summary)
    except RunStopped:
        if stop.code is None:
            raise
        code, summary.message = stop.code, "stopped before the end; the same command goes on from here"
        LOG.warning("%s", summary.message)
    summary.exit_code, summary.wall_seconds = code, time.monotonic() - started
    if not options.dry_run:
        _publish(options, work, summary)
    return code


def _run(options: RunOptions, work: Work, summary: Summary) -> ExitCode:
    digests: Mapping[str, str] = {}
    recipe = make_recipe(options, work.text_columns, digests)
    limited = options.limit is not None
    done = compare(work, recipe, options.overwrite, options.retry_failed, limited)
    if done.left or options.dry_run:
        digests = _ask_hosts(options)
        recipe = make_recipe(options, work.text_columns, digests)
        summary.model_digest = recipe.model_digest
        done = compare(work, recipe, options.overwrite, options.retry_failed, limited)
    summary.removed_inputs = done.removed
    if done.removed:
        LOG.info("%d input files are gone, their parts go, too: %s", len(done.removed), ", ".join(done.removed[:5]))
    LOG.info(
        "%d rows in %d parts, of which %d are done; text column%s %s",
        work.rows,
        len(work.units),
        len(work.units) - len(done.left),
        "s" * (len(work.text_columns) > 1),
        ", ".join(work.text_columns),
    )
    if options.dry_run:
        return _dry_run(work, done, summary)
    if options.overwrite:
        _remove(work, done)
    if done.left:
        retried = {name: work.output.path_of(name) for name in done.retried}
        config = engine_config(options, digests, memory_settings(options, work.output, recipe))
        translate = TranslateConfig(
            config, work.text_columns, work.output_schemas, options.model_column, options.field_names, retried
        )
        write = WriteConfig(work.output.url, recipe, work.output_schemas)
        try:
            _translate(options, work, done, translate, write)
        finally:
            summary.slots = {view.url: view.limit for engine in live_engines() for view in engine.hosts()}
            for engine in live_engines():
                engine.close()
            _count(work, done, summary)
    else:
        _count(work, done, summary)
    if not options.overwrite:
        _remove(work, done)
    return _verdict(options, work, done, summary)


def _ask_hosts(options: RunOptions) -> Mapping[str, str]:
    """The digests of the models that the hosts have."""
    models = [model for model in (options.model, options.fallback_model) if model is not None]
    any_model = options.model_column is not None
    return find_digests(options.hosts, models, any_model, options.use_proxy, options.max_outage, options.hosts_from)


def _remove(work: Work, done: Resumption) -> None:
    """Removes parts that no unit has any more; with --overwrite before the run, so that recipes never mix."""
    for name in done.obsolete:
        work.output.remove(name)
        work.output.remove(dead_letters.file_name(name))


def _translate(
    options: RunOptions, work: Work, done: Resumption, translate: TranslateConfig, write: WriteConfig
) -> None:
    """Runs the graph over what is left."""
    pipeline = beam.Pipeline(options=PipelineOptions(list(options.beam_arguments)))
    graph.build(pipeline, done.left_runs, work.schemas, translate, write)
    texts = sum(unit.rows for unit in done.left) * len(work.text_columns)
    try:
        with ProgressReporter(options.progress, texts):
            pipeline.run().wait_until_finish()
    except Exception as error:
        original = original_error(f"{type(error).__name__}: {error}")
        if original is None:
            raise
        raise original from error


def original_error(text: str) -> TranslateError | None:
    """Our own exception inside a runner's error text; runners pass exceptions of workers on as text.

    >>> original_error("…RunFailed: the disk is full [while running 'Write']")
    RunFailed('the disk is full')
    """
    kinds = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    pattern = rf"\b({'|'.join(kinds)}): (.*?)(?: \[while running .*)?$"
    found = re.findall(pattern, text, re.MULTILINE)
    if not found:
        return None
    name, message = found[-1]
    error = kinds[name](message)
    return error if isinstance(error, TranslateError) else None


def _count(work: Work, done: Resumption, summary: Summary) -> None:
    """Adds up what stands in the footers of the parts: the truth of what is on the disk."""
    left = {unit.part_name for unit in done.left}
    footers = work.output.existing_parts()
    for unit in work.units:
        footer = footers.get(unit.part_name)
        if footer is None:
            continue
        if unit.part_name in left and not done.is_new(unit.part_name, footer):
            continue
        summary.all_rows.add(footer.statistics)
        if unit.part_name in left:
            summary.units_written += 1
            summary.this_run.add(footer.statistics)
        else:
            summary.units_skipped += 1


def _verdict(options: RunOptions, work: Work, done: Resumption, summary: Summary) -> ExitCode:
    """The exit code of a run that came to its end.

    Raises:
        RunFailed: If rows are missing.
    """
    rows: Statistics = summary.all_rows
    if rows.rows != work.rows:
        raise RunFailed(f"{work.rows} rows went in, {rows.rows} came out to {work.output}: run the same command again")
    if options.limit is not None:
        parts = [work.output.path_of(unit.part_name) for unit in work.units]
        show_preview(parts, work.text_columns, options.limit)
    if repairs := summary.this_run.repairs:
        LOG.info(
            "repairs: %d texts had a doubtful first answer, %d more requests made %d of them better",
            repairs["texts"],
            repairs["requests"],
            repairs["better"],
        )
    if summary.failed_ratio() > options.max_failed_ratio:
        LOG.warning(
            "%d of %d rows failed, more than --max_failed_ratio %s allows: %s",
            rows.statuses["failed"],
            rows.rows,
            options.max_failed_ratio,
            ", ".join(f"{kind} {count}" for kind, count in rows.failed_rows.most_common(5)),
        )
        return ExitCode.TOO_MANY_FAILED
    if not done.left and options.skip_exit_code is not None:
        return ExitCode(options.skip_exit_code)
    return ExitCode.DONE


def _dry_run(work: Work, done: Resumption, summary: Summary) -> ExitCode:
    """Tells what would be done."""
    told: Mapping[str, object] = {
        "dry_run": True,
        "output": str(work.output),
        "model_digest": summary.model_digest,
        "text_columns": list(work.text_columns),
        "files": len({unit.source.url for unit in work.units}),
        "units": len(work.units),
        "units_left": len(done.left),
        "rows": work.rows,
        "rows_left": sum(unit.rows for unit in done.left),
    }
    print(json_text(told, sys.stdout))
    return ExitCode.DONE


def _publish(options: RunOptions, work: Work, summary: Summary) -> None:
    """Writes the summary to its files and the line to stdout."""
    detailed = json.dumps(summary.detailed(), ensure_ascii=False, indent=2) + "\n"
    work.output.write_bytes("_summary.json", detailed.encode())
    if options.summary_file:
        try:
            fs, path = file_system(options.summary_file)
            # Not fsspec.open, which leaves the file open if its last bytes can't be written.
            with fs.open(path, "wb") as file:
                file.write(detailed.encode())
        except Exception as error:  # each client library has exceptions of its own
            raise RunFailed(f"--summary_file {options.summary_file}: {reason(error)}") from error
    try:
        print(summary.line(), flush=True)  # who reads a pipe learns of each run of --watch at once
    except BrokenPipeError:
        LOG.warning("whoever read stdout has gone: the summary is in %s", work.output.path_of("_summary.json"))
        raise
    except OSError as error:
        place = work.output.path_of("_summary.json")
        raise RunFailed(f"stdout can't be written: {reason(error)}; the summary is in {place}") from error


def _label(options: RunOptions) -> str | None:
    return NOT_REAL if options.sandbox else None
