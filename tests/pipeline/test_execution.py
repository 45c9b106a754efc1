from __future__ import annotations

import pytest

from pipeline.execution import Execution, carry_out, slots_of
from pipeline.exit_codes import ExitCode
from pipeline.signals import StopRequested
from transforms.errors import RunFailed, RunStopped
from transforms.fleet.host.host_state import HostView


class Work:
    """Work that ends with an error; tells whether the workers were told to stop."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.stopped = 0

    def do(self) -> None:
        if self.error is not None:
            raise self.error

    def stop(self) -> None:
        self.stopped += 1


def test_finished_work_stops_nobody() -> None:
    work = Work()
    assert carry_out(work.do, work.stop) == Execution()
    assert work.stopped == 0


@pytest.mark.parametrize("stop", [RunStopped("asked to stop"), StopRequested(ExitCode.TERMINATED)])
def test_a_stop_is_no_failure(stop: BaseException) -> None:
    work = Work(stop)
    assert carry_out(work.do, work.stop) == Execution(stopped=True)
    assert work.stopped == 1


def test_a_run_that_cannot_continue_says_why() -> None:
    work = Work(RunFailed("disk full"))
    execution = carry_out(work.do, work.stop)
    assert (execution.stopped, execution.failure) == (False, work.error)
    assert work.stopped == 1


def test_what_nobody_foresaw_passes_through_and_still_stops_the_workers() -> None:
    work = Work(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        carry_out(work.do, work.stop)
    assert work.stopped == 1


def test_slots_are_those_of_hosts_in_use() -> None:
    lost = HostView("c", "healthy", 0, 0, slots=2)
    hosts = [HostView("a", "healthy", 0, 9, slots=4), HostView("b", "healthy", 0, 3), lost]
    assert slots_of(hosts) == {"a": 4, "b": None}
