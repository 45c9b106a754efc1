"""The first lines of a run for a person: what, where to, with which model and hosts, what is left, and how long."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from pipeline.monitoring.text import duration, host_name
from pipeline.options.run import RunOptions, changed
from pipeline.resume import ResumedPlan
from transforms.masking import mask_urls

SHOWN_HOSTS = 6
SHOWN_REMOVED = 5
SAID_ELSEWHERE = ("input", "output", "text_column", "model", "hosts", "runner", "beam_arguments")


def introduction(options: RunOptions, resumed: ResumedPlan, rows_per_second: float | None = None) -> Iterator[str]:
    """Yield the lines.

    Args:
        options: Options of the run.
        resumed: The plan, compared with the output.
        rows_per_second: Speed of an earlier run on the same output; None if unknown.
    """
    plan, resumption = resumed.plan, resumed.resumption
    files = len({unit.source.url for unit in plan.units})
    columns = ", ".join(plan.text_columns)
    yield (
        f"translating column{'s' * (len(plan.text_columns) > 1)} {columns} of {_count(plan.rows, 'row')} in "
        f"{_count(files, 'file')} to {plan.output}"
    )
    if resumption.removed:
        names = ", ".join(map(mask_urls, resumption.removed[:SHOWN_REMOVED]))
        more = ", …" * (len(resumption.removed) > SHOWN_REMOVED)
        yield f"removing the parts of {_count(len(resumption.removed), 'deleted input file')}: {names}{more}"
    left = sum(unit.rows for unit in resumption.left)
    parts = f"{_count(len(plan.units), 'part')} ({len(plan.units) - len(resumption.left):,} already complete)"
    yield f"{parts}; {_count(left, 'row')} left{_time(left, rows_per_second)}"
    if resumed.hosts.versions:
        yield f"model {_model(options, resumed)} on {_hosts(resumed)}"
    given = {name: value for name, value in changed(options).items() if name not in SAID_ELSEWHERE}
    if given:
        yield f"options: {_command_line(given)}"


def _model(options: RunOptions, resumed: ResumedPlan) -> str:
    digest = resumed.recipe.model_digest
    model = f"{options.model} ({digest[:12]})" if digest else options.model
    return f"{model}, then {options.fallback_model}" if options.fallback_model else model


def _hosts(resumed: ResumedPlan) -> str:
    hosts = [
        f"{host_name(url)} (Ollama {version})" if version else host_name(url)
        for url, version in resumed.hosts.versions.items()
    ]
    shown = ", ".join(hosts[:SHOWN_HOSTS]) + ", …" * (len(hosts) > SHOWN_HOSTS)
    missing = len(resumed.hosts.problems)
    return f"{_count(len(hosts), 'host')}: {shown}" + (f"; {_count(missing, 'host')} not usable now" if missing else "")


def _time(rows: int, rows_per_second: float | None) -> str:
    if not rows:
        return ""
    if rows_per_second:
        return f", about {duration(rows / rows_per_second)} at the speed of the previous run"
    return "; the time left is shown once the first texts are done (--dry_run estimates it beforehand)"


def _command_line(given: dict[str, object]) -> str:
    words: list[str] = []
    for name, value in given.items():
        values = value if isinstance(value, list) else [value]
        words += [f"--{name}" if each is True else f"--{name} {shlex.quote(str(each))}" for each in values]
    return " ".join(words)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
