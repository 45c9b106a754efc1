"""How the execution of a run ended; without Beam, which takes more than a second to import."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.signals import StopRequested
from transforms.errors import RunFailed, RunStopped
from transforms.fleet.host.host_state import HostView


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


def carry_out(work: Callable[[], None], stop_workers: Callable[[], None]) -> Execution:
    """Do the work of a run, and tell the workers to stop unless it was finished.

    Args:
        work: Returns when all units are written.
        stop_workers: Tells the workers to stop.

    Returns:
        Whether the work was stopped, or why it could not continue. All else that it raises passes through.
    """
    finished = False
    try:
        work()
        finished = True
    except (RunStopped, StopRequested):
        return Execution(stopped=True)
    except RunFailed as error:
        return Execution(failure=error)
    finally:
        if not finished:
            stop_workers()
    return Execution()


def slots_of(hosts: Iterable[HostView]) -> dict[str, int | None]:
    """Return the slots of each host, by its address; without hosts that only lost workers have used."""
    return {host.url: host.slots for host in hosts if host.limit}
