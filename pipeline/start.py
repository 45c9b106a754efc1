"""Prepare the process for a run: limits, signals, and with ``--sandbox`` simulated hosts."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pipeline.exit_codes import ExitCode
from pipeline.options.run import RunOptions
from pipeline.process_limits import allow_open_files, use_one_arena
from pipeline.run import run_once
from pipeline.sandbox import NOT_REAL
from pipeline.sandbox.running import start_processes
from pipeline.sandbox.settings import HostSettings
from pipeline.signals import CleanStop, StopRequested
from pipeline.watch import watch
from transforms.errors import TranslateError
from transforms.fleet.addresses import parse_host
from transforms.fleet.model_names import canonical

LOG = logging.getLogger(__name__)

SIMULATED_MODEL = "simulated-{}"
SANDBOX_TOKENS_PER_SECOND = 400.0
"""Speed of each slot of the hosts that ``--sandbox`` starts, about that of a small GPU, so that progress is visible."""


def start(options: RunOptions) -> ExitCode:
    """Run once, or with ``--watch`` again and again until stopped by a signal.

    Raises:
        UsageError: A mistake that was found before anything was sent or written.
        RunFailed: The run cannot continue; finished parts are kept.
    """
    use_one_arena()
    allow_open_files()
    with CleanStop() as stop:
        try:
            with _with_simulated_hosts(options) as options:
                if options.watch is not None:
                    return watch(options, options.watch, stop)
                return run_once(options, stop)
        except StopRequested as request:
            LOG.warning("%s", request)
            return request.code
        except TranslateError as error:
            # A library may have turned the signal into an error of its own.
            if stop.code is None:
                raise
            LOG.warning("stopped: %s", error)
            return stop.code


@contextmanager
def _with_simulated_hosts(options: RunOptions) -> Iterator[RunOptions]:
    """With ``--sandbox``, start simulated hosts for as long as the context is open; yield the options that use them."""
    if options.sandbox is None:
        yield options
        return
    LOG.warning("%s", NOT_REAL)
    model = SIMULATED_MODEL.format(options.model)
    fallback = options.fallback_model and SIMULATED_MODEL.format(options.fallback_model)
    models = tuple(canonical(name) for name in (model, fallback) if name)
    hosts = start_processes(options.sandbox, HostSettings(models=models, tokens_per_second=SANDBOX_TOKENS_PER_SECOND))
    try:
        addresses = tuple(parse_host(host.url) for host in hosts)
        yield replace(options, hosts=addresses, model=model, fallback_model=fallback)
    finally:
        for host in hosts:
            host.close()
