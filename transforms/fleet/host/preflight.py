"""Ask the hosts before the first row: which of them are usable, and which digests their models have."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from transforms.errors import NoHostLeft, RunFailed, UsageError
from transforms.fleet.addresses import HostAddress, HostsFile
from transforms.fleet.faults import CONFIGURATION, Failure
from transforms.fleet.host.admission import HostReport, eligible, inspect_all, majority_digests
from transforms.fleet.model_names import model_key

LOG = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0
FINAL = CONFIGURATION | {Failure.MODEL_MISSING}
"""Faults that do not pass by themselves."""

ADVICE = "start Ollama there (`ollama serve`), or see what is wrong with `python -m pipeline doctor`"


@dataclass(frozen=True)
class Problem:
    """Why a host is not usable now; ``failure`` is the class of the fault, None if it is none of a request."""

    text: str
    failure: Failure | None


@dataclass(frozen=True)
class UsableHosts:
    """The answers of the hosts.

    Attributes:
        digests: The digest that most hosts have of each of their models, by model key.
        versions: Ollama's version of each host that has the model of the run, by the host's address.
        problems: Why other hosts are not usable now, by the host's address.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, Problem] = field(default_factory=dict)


def ask(hosts: Sequence[HostAddress], use_proxy: bool) -> list[HostReport]:
    """Ask all hosts for their versions and models, concurrently."""
    return asyncio.run(inspect_all(hosts, use_proxy))


def find_hosts(
    hosts: Sequence[HostAddress],
    models: Sequence[str],
    any_model: bool,
    use_proxy: bool,
    max_outage_seconds: float,
    hosts_file: HostsFile | None = None,
) -> UsableHosts:
    """Wait until a host with the model of the run answers.

    Args:
        hosts: Addresses of the hosts.
        models: Models that the run needs: its own, then the one for retries.
        any_model: Whether rows name their models, so that hosts need not have the run's own.
        use_proxy: Whether the proxies of the environment are used.
        max_outage_seconds: How long to wait.
        hosts_file: File with the hosts, which is read again before each look, as long as it can be read.

    Raises:
        RunFailed: Hosts answer, but none has a model that is needed, or all have faults that do not pass by themselves.
        NoHostLeft: No host answered in time.
    """
    began, announced = time.monotonic(), False
    while True:
        hosts = _current_hosts(hosts_file, hosts)
        reports = ask(hosts, use_proxy)
        digests = majority_digests(reports)
        problems = _problems(reports, None if any_model else models)
        missing = [] if any_model else [model for model in models if model_key(model) not in digests]
        text = "; ".join(f"{url}: {problem.text}" for url, problem in problems.items())
        if digests and models[0] not in missing:
            if missing and _all_final(reports, problems):
                raise RunFailed(f"no host has the model {missing[0]!r}: {text}")
            versions = {report.url: report.version for report in reports if model_key(models[0]) in report.models}
            return UsableHosts(digests, versions, problems)
        if _all_final(reports, problems):
            raise RunFailed(f"no host can translate with the model {models[0]!r}: {text}")
        if time.monotonic() - began > max_outage_seconds:
            raise NoHostLeft(f"no host was usable for {max_outage_seconds:.0f} s (--max_outage): {text}; {ADVICE}")
        if not announced:
            LOG.warning(
                "no healthy host; waiting up to %.0f s (--max_outage): %s; %s", max_outage_seconds, text, ADVICE
            )
            announced = True
        time.sleep(PAUSE_SECONDS)


def _all_final(reports: Sequence[HostReport], problems: Mapping[str, Problem]) -> bool:
    return len(problems) == len(reports) and all(problem.failure in FINAL for problem in problems.values())


def _current_hosts(file: HostsFile | None, hosts: Sequence[HostAddress]) -> Sequence[HostAddress]:
    try:
        return hosts if file is None else file.read()
    except UsageError as error:
        LOG.debug("%s; keeping the hosts that were read before", error)
        return hosts


def _problems(reports: Sequence[HostReport], models: Sequence[str] | None) -> dict[str, Problem]:
    """Return the first problem of each host that has one."""
    problems = {}
    for report in reports:
        found = {"": (report.problem, report.failure)} if report.problem else eligible(report, models, {}).problems
        if not report.problem and models is None and not report.models:
            found = {"": ("no models installed", Failure.MODEL_MISSING)}
        if found:
            problems[report.url] = Problem(*next(iter(found.values())))
    return problems
