"""Before the first row: which hosts can take part, and which model digest the run is made with."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from transforms.errors import NoHostLeft, RunFailed
from transforms.fleet.admission import HostReport, inspect_all, majority_digest
from transforms.fleet.faults import Failure
from transforms.fleet.hosts import HostAddress

LOG = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0
FINAL = (Failure.MODEL_MISSING, Failure.FORBIDDEN)
"""Problems that do not pass by themselves."""


def ask(hosts: Sequence[HostAddress], model: str, use_proxy: bool) -> list[HostReport]:
    """What all hosts say now."""
    return asyncio.run(inspect_all(hosts, model, use_proxy))


def find_digest(hosts: Sequence[HostAddress], model: str, use_proxy: bool, max_outage_seconds: float) -> str:
    """The digest of the model that most hosts have; waits for a host if none answers.

    Raises:
        RunFailed: All hosts answer, and none has the model.
        NoHostLeft: No host came back in time.
    """
    began, said = time.monotonic(), False
    while True:
        reports = ask(hosts, model, use_proxy)
        digest = majority_digest(reports)
        if digest is not None:
            _say(reports)
            return digest
        problems = "; ".join(f"{report.url}: {report.problem}" for report in reports)
        if all(report.failure in FINAL for report in reports):
            raise RunFailed(f"no host can translate with the model {model!r}: {problems}")
        if time.monotonic() - began > max_outage_seconds:
            raise NoHostLeft(f"no host answered for {max_outage_seconds:.0f} s (--max_outage): {problems}")
        if not said:
            LOG.warning("no host is healthy, the run waits: %s", problems)
            said = True
        time.sleep(PAUSE_SECONDS)


def _say(reports: Sequence[HostReport]) -> None:
    for report in reports:
        if not report.problem:
            LOG.info("%s: Ollama %s, model digest %s", report.url, report.version, report.digest[:12])
