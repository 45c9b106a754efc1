"""A request in flight: for which text, on which host, since when. Pure."""

from __future__ import annotations

from typing import NamedTuple

from transforms.fleet.host.host_state import HostState, ServedModel
from transforms.fleet.jobs import Job


class SentRequest(NamedTuple):
    """A request in flight.

    Attributes:
        job: The text.
        host: The host.
        served: The record of the host with the model of the request. The host may have another model before it
            answers, if its own is deleted meanwhile.
        at: When it was sent, in the caller's seconds.
        alone: Whether the host had no other request of ours.
        probe: Whether the host's circuit was open, so that the request shows whether the host works again.
        suspect: Whether the text was suspect when it was sent.
        tokens: The expected tokens of the answer.
    """

    job: Job
    host: HostState
    served: ServedModel
    at: float
    alone: bool
    probe: bool
    suspect: bool = False
    tokens: float = 0.0
