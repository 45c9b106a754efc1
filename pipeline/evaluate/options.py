"""Options of ``evaluate``: an output, the reference translations, and the hosts of a judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.options import values
from pipeline.options.command_line import CommandLine
from pipeline.options.hosts import HostOptions, with_hosts
from pipeline.options.reports import REPORTS
from pipeline.options.run import RunOptions
from pipeline.options.table import Readout, flag, option, same_as
from transforms.errors import UsageError
from transforms.fleet.model_names import refuse_cloud

REFERENCE = "Output and reference"
JUDGE = "Judge"


@dataclass(frozen=True)
class EvaluateOptions(HostOptions):
    """Options of ``evaluate``; options with the same name mean the same as in a run."""

    output: str = same_as(RunOptions, "output", help="directory or fsspec URL with the parts of a run", group=REFERENCE)
    reference_column: str = option(
        "",
        parse=values.column,
        help="column with the reference translations",
        group=REFERENCE,
        metavar="NAME",
    )
    text_column: tuple[str, ...] = same_as(
        RunOptions,
        "text_column",
        help="the translated column",
        group=REFERENCE,
        shown="the run's, if it translated only one",
    )
    worst: int = option(
        10,
        parse=values.whole(0, 10_000),
        help="number of rows with the lowest chrF++ to show, with their texts",
        group=REFERENCE,
        metavar="ROWS",
    )
    judge_model: str | None = option(
        None,
        parse=values.text,
        help="model on the hosts that grades a sample of translations from 0 to 100",
        group=JUDGE,
        metavar="MODEL",
    )
    judge_sample: int = option(
        50, parse=values.whole(1, 100_000), help="number of translations to grade", group=JUDGE, metavar="ROWS"
    )
    seed: int = same_as(RunOptions, "seed", help="seed of the sample and of the judge", group=JUDGE)
    num_ctx: int = same_as(RunOptions, "num_ctx", group=JUDGE)
    hosts_file: str | None = same_as(HostOptions, "hosts_file", help="file with hosts instead of --hosts")
    max_outage: float = same_as(RunOptions, "max_outage", default=60.0, shown="60")
    json: bool = flag(help="print one JSON object instead of a table", group=REPORTS)


def _complete(readout: Readout, environ: Mapping[str, str]) -> EvaluateOptions:
    options = EvaluateOptions(**readout.values)
    if not options.output:
        raise UsageError("missing --output DIRECTORY: name the output of a run")
    if not options.reference_column:
        raise UsageError("missing --reference_column NAME: name the column with the reference translations")
    if len(options.text_column) > 1:
        raise UsageError("a reference belongs to one column: give only one --text_column")
    if options.judge_model is None:
        return options
    refuse_cloud(options.judge_model, "the model")
    return with_hosts(options, readout.places, environ)


EVALUATE = CommandLine(
    summary="score an output against reference translations; see evaluate --help",
    usage="python -m pipeline evaluate --output DIRECTORY --reference_column NAME [OPTIONS]",
    description="""\
Compares the translations of an output with human translations in a column of the input: chrF++ and BLEU over all rows
(by sacrebleu: pip install 'beam-ollama-translate[eval]'), and the worst rows side by side, with their texts, on stdout.
With --judge_model, a model on your hosts also grades a sample, without seeing the reference.""",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage.",
    options=EvaluateOptions,
    complete=_complete,
)
