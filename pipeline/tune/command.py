"""Run ``tune``: read the sample, measure layouts or hosts within the time limit, and print the result."""

from __future__ import annotations

import logging
import os
import shutil
import sys

from pipeline.console.streams import is_for_people
from pipeline.doctor.gpus import local_gpus
from pipeline.exit_codes import ExitCode
from pipeline.tune.curve import measure_hosts
from pipeline.tune.findings import findings
from pipeline.tune.layouts import Layout, visible_devices
from pipeline.tune.options import TuneOptions
from pipeline.tune.report import hosts_json, layouts_json, show_hosts, show_layouts
from pipeline.tune.result import HostsResult, LayoutsResult, hosts_result
from pipeline.tune.search import Search
from pipeline.tune.set_up import set_up
from pipeline.tune.texts import read_sample
from pipeline.tune.time_limit import WINDOWS, TimeLimit
from pipeline.tune.trial import Trial, TrialSettings, attempt
from pipeline.tune.until_signal import run_until_signal
from transforms.errors import RunFailed, UsageError

LOG = logging.getLogger(__name__)

LEAST_TRIALS = 4
"""A single trial takes at most this fraction of the time limit."""

WINDOWS_PER_HOST = 12
"""The windows of a host are at most this fraction of its share of the time: there are up to seven, and the loads."""


def tune(options: TuneOptions) -> ExitCode:
    """Measure and print.

    Raises:
        UsageError: An option, input or file is unusable.
        RunFailed: Nothing could be measured.
    """
    for_people = is_for_people(options.summary_format, sys.stdout)
    if options.local:
        layouts = tune_layouts(options)
        show_layouts(layouts) if for_people else print(layouts_json(layouts))
        if layouts.best is None:
            reasons = dict.fromkeys(trial.problem for trial in layouts.trials)
            raise RunFailed(f"no layout could be measured: {'; '.join(reasons)}")
        return ExitCode.DONE
    hosts = tune_hosts(options)
    show_hosts(hosts) if for_people else print(hosts_json(hosts))
    if not hosts.curves.measured:
        reasons = dict.fromkeys(f"{host.url}: {host.problem}" for host in hosts.curves.hosts)
        raise RunFailed(f"no host could be measured: {'; '.join(reasons)}")
    return ExitCode.DONE


def tune_layouts(options: TuneOptions) -> LayoutsResult:
    """Try layouts of this machine.

    Raises:
        UsageError: There is no ``ollama`` command, or an option or input is unusable.
        RunFailed: The servers lack the model.
    """
    ollama = shutil.which(options.ollama)
    if ollama is None:
        raise UsageError(
            f"--ollama: no command {options.ollama!r}: install Ollama or name its path; to measure servers that run "
            "already, name them with --hosts"
        )
    sample = read_sample(options)
    gpus = local_gpus()
    devices = visible_devices([gpu.index for gpu in gpus], os.environ)
    limit = TimeLimit(options.tune_seconds)
    settings = TrialSettings(
        ollama, sample, limit.window_seconds, options.request_timeout, limit.seconds / LEAST_TRIALS
    )

    async def try_layout(layout: Layout) -> Trial:
        LOG.info("trying %s", layout)
        trial = await limit.run(lambda: attempt(layout, settings))
        if trial.throughput is None:
            LOG.warning("%s: %s", layout, trial.problem)
        else:
            LOG.info("%s: %.2f rows/s", layout, trial.throughput.rows_per_second)
        return trial

    search = Search(devices, try_layout)
    run_until_signal(search.run())
    best = search.best
    return LayoutsResult(
        sample=sample,
        gpus=gpus,
        trials=tuple(search.trials),
        best=best,
        untried=search.untried,
        findings=() if best is None else tuple(findings(search.trials, best, gpus)),
        set_up=None
        if best is None
        else set_up(
            best.layout,
            ollama,
            best.version,
            options.input,
            sample,
            _run_options(options),
            os.environ.get("OLLAMA_MODELS"),
        ),
    )


def tune_hosts(options: TuneOptions) -> HostsResult:
    """Measure hosts that run already.

    Raises:
        UsageError: An option or input is unusable.
    """
    sample = read_sample(options)
    limit = TimeLimit(options.tune_seconds, max(WINDOWS, WINDOWS_PER_HOST * len(options.hosts)))
    measuring = measure_hosts(options.hosts, options.use_proxy, sample, options.request_timeout, limit)
    return hosts_result(sample, run_until_signal(measuring), options.input, _run_options(options))


def _run_options(options: TuneOptions) -> list[str]:
    """The options about texts and prompts that a run needs, too."""
    words = [word for name in options.text_column for word in ("--text_column", name)]
    for name in ("schema", "text_encoding", "prompt", "prompt_file", "domain", "glossary", "think"):
        value = getattr(options, name)
        if value != getattr(TuneOptions, name):
            words += [f"--{name}", value]
    return words
