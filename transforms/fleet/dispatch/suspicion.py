"""Whether a text breaks the hosts, or the hosts break: who is charged with a fault that either may cause. Pure.

A text that crashes the model fails on each host that it is sent to, while these hosts answer other texts. There are two
kinds of evidence against a text:

- The host answers another request that was in flight when the text failed. So the host has survived, and the failure
  concerns this text alone. But hosts fail at random, too: each such failure counts by how often its host fails in this
  way, and the text is convicted once chance would explain all of them in less than one of a million cases.
- The host serves others, but none of the requests that were in flight at the time has survived: a crash of the model
  ends them all. Any of these texts may be the cause, so one is convicted only after ``MOST_CHARGED`` such failures,
  the last ones without company.
"""

from __future__ import annotations

from transforms.fleet.dispatch.sent_request import SentRequest
from transforms.fleet.faults import NEVER_A_TEXTS, Failure
from transforms.fleet.host.host_state import HostState
from transforms.fleet.jobs import Job

CHANCE = 1e-6
"""Below this probability it is not chance that a text has failed so often."""

LEAST_OWN = 2
MOST_CHARGED = 8
CHARGES_IN_COMPANY = 3
"""Failures together with other texts after which a text is sent to an idle host only, and alone."""

SIMILAR_SIZE = 2
"""The time of an answer varies: a text half as long as an answered one may still take longer than it."""


def convicted(job: Job) -> bool:
    """Whether the text is at fault for its failures."""
    return job.charged >= MOST_CHARGED or (job.own_failures >= LEAST_OWN and job.chance < CHANCE)


def goes_alone(job: Job) -> bool:
    """Whether the text is sent to an idle host only, which then takes no other, as it may crash the others' model."""
    return job.charged - job.own_failures >= CHARGES_IN_COMPANY


def has_room(host: HostState) -> bool:
    """Whether the host may get one more suspect text: half of its requests are others, which show if it survives."""
    return host.suspects < max(1, host.limit.limit() // 2)


def note_failure(sent: SentRequest, failure: Failure, now: float) -> None:
    """Charges a text with a failure, as far as its host has shown that the host is not at fault.

    The host has shown it if it serves others at the time. A host that had no other request has shown it if it answers
    another text later, and fails at this one again; then the earlier failures count, too.
    """
    if failure in NEVER_A_TEXTS:
        return
    job, host = sent.job, sent.host
    job.suspect = True
    host.recent_failures.append((job, now))
    count, since = job.failed_alone.pop(host.url, (0, now))
    if host.last_answer_at > since:
        job.charged, count = job.charged + count, 0
    if host.breaker.closed and host.last_answer_at > sent.at:
        job.charged += 1
    elif sent.alone and not host.in_flight:
        count += 1
    if count:
        job.failed_alone[host.url] = (count, now)


def note_answer(sent: SentRequest) -> None:
    """Uses an answer as evidence against the texts that failed while its request was in flight."""
    host = sent.host
    if not sent.job.own_failures:
        host.fault_share.ended(fault=False)
    if not host.recent_failures:
        return
    survived = [entry for entry in host.recent_failures if entry[1] > sent.at]
    for entry in survived:
        host.recent_failures.remove(entry)
        job = entry[0]
        if not job.own_failures:
            host.fault_share.ended(fault=True)
        job.own_failures += 1
        job.chance *= host.fault_share.share()


def excuses(sent: SentRequest, now: float) -> bool:
    """Whether a failure is not charged to the host, because the text has failed by itself before.

    That holds once between two answers of the host, so that a host that breaks while it has such a text is found out.
    To be asked once for each failure.
    """
    job, host = sent.job, sent.host
    if not job.own_failures or not host.breaker.closed or host.last_answer_at <= host.excused_at:
        return False
    host.excused_at = now
    return True


def is_larger(sent: SentRequest, failure: Failure) -> bool:
    """Whether a text is larger than all that its host has answered, so that its size may be why it fails."""
    answered = sent.served.largest_answered
    if failure is Failure.GATEWAY_TIMEOUT:
        return 0 < answered < SIMILAR_SIZE * sent.job.size
    return 0 < answered < sent.job.size
