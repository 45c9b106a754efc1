"""How the execution of a run ended; without Beam, which takes more than a second to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from transforms.errors import RunFailed


@dataclass(frozen=True)
class Execution:
    """How the execution ended.

    Attributes:
        slots: Slots of each host, by its address, as found or given; None where the run was too short to find them.
        stopped: Whether the run was asked to stop before all units were written.
        failure: Why the run could not continue; None if it could.
        requests_sent: Requests that workers in other processes have made, those of lost workers included; None if the
            workers were in this process.
    """

    slots: Mapping[str, int | None] = field(default_factory=dict)
    stopped: bool = False
    failure: RunFailed | None = None
    requests_sent: int | None = None
