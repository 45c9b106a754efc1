"""Which host may get a text that has failed before. Pure.

It goes to a host that has not failed it. But if every such host is slow, it would still work on the text when all else
is done. So if the fault says nothing about the text, it goes back to the host that failed it, once that is well.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

from transforms.fleet.dispatch import silence, suspicion
from transforms.fleet.dispatch.long_texts import FleetSpeed, longest_for
from transforms.fleet.faults import NEVER_A_TEXTS, Blame, RequestFailed
from transforms.fleet.host.host_state import HostState
from transforms.fleet.jobs import Job


def note_failure(job: Job, failed: RequestFailed) -> None:
    """Notes where a job failed, and whether it is barred from that host.

    It is if the fault may be its own: by its class, or because it has failed there before.
    """
    again = failed.host in job.failed_on and failed.failure not in NEVER_A_TEXTS
    if again or failed.blame is not Blame.HOST:
        job.barred.add(failed.host)
    job.failed_on.add(failed.host)


@dataclass(frozen=True)
class Retry:
    """A job that failed before, and what its next host depends on.

    Attributes:
        job: The job.
        tokens: Of its expected answer.
        pending_tokens: Of the expected answers to all texts that wait for its model.
        hosts: All hosts.
        sent: All requests in flight, the oldest first.
        now: The caller's time in seconds.
    """

    job: Job
    tokens: float
    pending_tokens: float
    hosts: silence.Hosts
    sent: silence.Sent
    now: float

    def suits(self, host: HostState, longest: float) -> bool:
        """Whether the job may go to a host that has room.

        Args:
            host: The host.
            longest: The expected tokens of the longest answer that the host should give; see ``longest_for``.
        """
        job = self.job
        if (job.suspect and not suspicion.has_room(host)) or (host.in_flight and suspicion.goes_alone(job)):
            return False
        if host.url in job.barred:
            return not any(self._answering(job.failed_on))
        if host.url not in job.failed_on:
            return self.tokens <= longest or self._soon_enough(host)
        return not any(map(self._soon_enough, self._answering(job.failed_on)))

    def _soon_enough(self, host: HostState) -> bool:
        """Whether a host would end the job before all else is done, or no host that may get it is faster."""
        fleet = FleetSpeed.of(self.job.model, self._answering(self.job.barred))
        return self.tokens <= longest_for(host, fleet, self.pending_tokens)

    def _answering(self, without: Container[str]) -> Iterator[HostState]:
        """The hosts that answer texts like the job, without some."""
        for host in self.hosts:
            usable = host.usable() and host.model == self.job.model and host.url not in without
            if usable and not silence.is_silent(host, self.hosts, self.sent, self.now):
                yield host
