"""The options of the ``evaluate`` command: an output, what it is compared with, and the hosts of a judge."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.options import values as kind
from pipeline.options.hosts import find_hosts
from pipeline.options.run import RunOptions
from pipeline.options.table import flag, help_text, option, options_of, read, same_as, stray
from transforms.errors import UsageError
from transforms.fleet.hosts import Header, HostAddress, HostsFile
from transforms.fleet.model_names import is_cloud_model

USAGE = "python -m pipeline evaluate --output DIRECTORY --reference_column NAME [OPTIONS]"
DESCRIPTION = """\
Compares the translations of an output with translations by people, which stand in a column of the input: chrF++ and
BLEU of all rows together (by sacrebleu: pip install 'beam-ollama-translate[eval]'), and the worst rows side by side,
with their texts, on stdout. With --judge_model, a model on your hosts also grades a sample, without the reference."""
EPILOG = "Exit codes: 0 done, 1 failed, 2 wrong usage."

_REFERENCE = "Output and reference"
_JUDGE = "Judge"


@dataclass(frozen=True)
class EvaluateOptions:
    """What ``evaluate`` does; options of the same name mean the same as in a run.

    Attributes:
        hosts_from: Where ``hosts`` were read from, to be read again.
        notices: What the user should know about these options.
    """

    output: str = same_as(
        RunOptions, "output", help="directory or fsspec URL with the parts of a run", group=_REFERENCE
    )
    reference_column: str = option("", kind.column, "column with the translations by people", _REFERENCE, "NAME")
    text_column: tuple[str, ...] = same_as(
        RunOptions,
        "text_column",
        help="the translated column",
        group=_REFERENCE,
        shown="the run's, if it had one only",
    )
    worst: int = option(
        10, kind.whole(0, 10_000), "rows with the lowest chrF++ to be shown with their texts", _REFERENCE, "ROWS"
    )

    judge_model: str | None = option(
        None, kind.text, "model, as the hosts know it, that grades a sample from 0 to 100", _JUDGE, "MODEL"
    )
    judge_sample: int = option(50, kind.whole(1, 100_000), "translations to be graded", _JUDGE, "ROWS")
    seed: int = same_as(RunOptions, "seed", help="of the sample and of the judge", group=_JUDGE)
    num_ctx: int = same_as(RunOptions, "num_ctx", group=_JUDGE)

    hosts: tuple[HostAddress, ...] = same_as(RunOptions, "hosts")
    hosts_file: str | None = same_as(RunOptions, "hosts_file", help="file with the hosts instead of --hosts")
    header: tuple[Header, ...] = same_as(RunOptions, "header")
    allow_insecure_auth: bool = same_as(RunOptions, "allow_insecure_auth")
    use_proxy: bool = same_as(RunOptions, "use_proxy")
    keep_alive: str | float = same_as(RunOptions, "keep_alive")
    request_timeout: float = same_as(RunOptions, "request_timeout")
    max_outage: float = same_as(RunOptions, "max_outage", default=60.0, shown="60")

    json: bool = flag("one JSON object on stdout instead of a table", "Result and reports")

    hosts_from: HostsFile | None = None
    notices: tuple[str, ...] = ()


def parse_evaluate(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> EvaluateOptions:
    """The options of ``evaluate``, complete and valid.

    Raises:
        UsageError: Anything is wrong; nothing was read or sent.
    """
    readout = read(EvaluateOptions, arguments, environ)
    if readout.left:
        raise stray(readout.left[0], options_of(EvaluateOptions), options_of(RunOptions))
    options = EvaluateOptions(**readout.values)
    if not options.output:
        raise UsageError("nothing to evaluate: name the output of a run with --output")
    if not options.reference_column:
        raise UsageError("nothing to compare with: name the column with the references with --reference_column")
    if len(options.text_column) > 1:
        raise UsageError("a reference belongs to one column: name one --text_column")
    if options.judge_model is None:
        return options
    if is_cloud_model(options.judge_model):
        raise UsageError(
            f"the model {options.judge_model!r} runs in Ollama's cloud, and texts must not leave your own hosts"
        )
    found = find_hosts(options, readout.places, environ)
    return replace(options, hosts=found.hosts, hosts_from=found.file, notices=found.notices)


def help_of_evaluate() -> str:
    """The complete help of ``evaluate``."""
    return help_text(EvaluateOptions, USAGE, DESCRIPTION, EPILOG)
