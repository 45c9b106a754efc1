"""How many processes of a run use the hosts together, and which share of their slots is this process's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Share:
    """The share of one of several processes; it changes when others finish. Any thread may read it.

    Attributes:
        number: Number of the process among those at work, from 0.
        processes: Number of processes at work.
    """

    number: int = 0
    processes: int = 1

    def of(self, slots: int) -> int:
        """Return this process's share of the slots of a host; the shares of all processes add up to ``slots``."""
        return slots // self.processes + (self.number < slots % self.processes)


WHOLE = Share()
THIS_PROCESS = Share()
"""What the launcher of a run with several processes has told this one."""


def change(share: Share) -> None:
    """Set the share of this process."""
    THIS_PROCESS.number, THIS_PROCESS.processes = share.number, share.processes
