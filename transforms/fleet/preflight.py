"""Before the first row: which hosts can take part, and which models, by digest, the run is made with."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence

from transforms.errors import NoHostLeft, RunFailed, UsageError
from transforms.fleet.admission import HostReport, eligible, inspect_all, majority_digests
from transforms.fleet.faults import Failure
from transforms.fleet.hosts import HostAddress, HostsFile
from transforms.fleet.model_names import model_key

LOG = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0
FINAL = (Failure.MODEL_MISSING, Failure.FORBIDDEN)
"""Problems that do not pass by themselves."""


def ask(hosts: Sequence[HostAddress], use_proxy: bool) -> list[HostReport]:
    """What all hosts say now."""
    return asyncio.run(inspect_all(hosts, use_proxy))


def find_digests(
    hosts: Sequence[HostAddress],
    models: Sequence[str],
    any_model: bool,
    use_proxy: bool,
    max_outage_seconds: float,
    hosts_file: HostsFile | None = None,
) -> Mapping[str, str]:
    """The digest that most hosts have of each of their models, by the model's key; waits for a host if none answers.

    Args:
        hosts: To be asked.
        models: That the run needs: its own, and that for second tries.
        any_model: Whether rows name their models, so that hosts need not have the run's own.
        use_proxy: Whether proxies of the environment are used.
        max_outage_seconds: How long to wait.
        hosts_file: Where the hosts stand that are to be asked instead, as long as it can be read.

    Raises:
        RunFailed: All hosts answer, and none has a model that is needed.
        NoHostLeft: No host came back in time.
    """
    began, said = time.monotonic(), False
    while True:
        hosts = _hosts_now(hosts_file, hosts)
        reports = ask(hosts, use_proxy)
        digests = majority_digests(reports)
        problems = _problems(reports, None if any_model else models)
        missing = [] if any_model else [model for model in models if model_key(model) not in digests]
        if missing and all(failure in FINAL for _, failure in problems.values()) and len(problems) == len(reports):
            told = "; ".join(f"{url}: {problem}" for url, (problem, _) in problems.items())
            raise RunFailed(f"no host can translate with the model {missing[0]!r}: {told}")
        if digests and models[0] not in missing:
            _say(reports, models)
            return digests
        told = "; ".join(f"{url}: {problem}" for url, (problem, _) in problems.items())
        if time.monotonic() - began > max_outage_seconds:
            raise NoHostLeft(f"no host answered for {max_outage_seconds:.0f} s (--max_outage): {told}")
        if not said:
            LOG.warning("no healthy host; waiting: %s", told)
            said = True
        time.sleep(PAUSE_SECONDS)


def _hosts_now(file: HostsFile | None, hosts: Sequence[HostAddress]) -> Sequence[HostAddress]:
    try:
        return hosts if file is None else file.read()
    except UsageError as error:
        LOG.debug("%s: the hosts stay as they are", error)
        return hosts


def _problems(reports: Sequence[HostReport], models: Sequence[str] | None) -> dict[str, tuple[str, Failure | None]]:
    """Why a host can't take part, by its address: the first reason, for hosts that lack a model that is needed."""
    problems = {}
    for report in reports:
        found = {"": (report.problem, report.failure)} if report.problem else eligible(report, models, {}).problems
        if not report.problem and models is None and not report.models:
            found = {"": ("it has no model at all", Failure.MODEL_MISSING)}
        if found:
            problems[report.url] = next(iter(found.values()))
    return problems


def _say(reports: Sequence[HostReport], models: Sequence[str]) -> None:
    for report in reports:
        found = [report.models[key] for model in models if (key := model_key(model)) in report.models]
        if found:
            told = ", ".join(f"{model.name} {model.digest[:12]}" for model in found)
            LOG.info("%s: Ollama %s, %s", report.url, report.version, told)
