"""The fence: a worker stops when its run has lost the lock, and only then."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from transforms.errors import RunFailed
from transforms.sink import fence as module
from transforms.sink.fence import MISSING_READS, UNCHANGED_READS, Fence, LeaseWatch, close_fences, fence_of
from transforms.sink.lease import LEASE_SECONDS, LOCK_FILE, Lease
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.output_lock import OutputLock


def content(run_id: str = "mine", renewed_at: float = 0.0, ended: bool = False) -> bytes:
    return Lease(run_id, "gpu0", 7, since="today", renewed_at=renewed_at, ended=ended).to_bytes()


DEAD = replace(Lease.of_this_process("mine"), pid=2**22 + 1).to_bytes()


def watch(*reads: tuple[bytes | None, float]) -> str | None:
    """Why the lock is lost after some reads, each with its time."""
    watching = LeaseWatch("mine", 0.0)
    for found, now in reads:
        watching.saw(found, now)
    return watching.lost


LATE = LEASE_SECONDS + 1


@pytest.mark.parametrize(
    ("reads", "why"),
    [
        ([(content(), 1.0)], None),
        ([(content("other"), 1.0)], r"another run has taken over the output \(process 7 on gpu0 since today\)"),
        ([(content(ended=True), 1.0)], "the launcher of the run has stopped"),
        ([(DEAD, 1.0)], "the launcher of the run has died"),
        ([(b"", 1.0)] * MISSING_READS, "the lock file is gone, so the launcher of the run has stopped"),
        ([(b"", 1.0), (content(), 2.0), (b"", 3.0)], None),
        ([(b"", 1.0), (None, 2.0), (b"", 3.0)], None),
        ([(b'{"run_id"', 1.0)] * 20, None),
        ([(None, 1.0)] * 20, None),
        ([(content(), 1.0)] + [(None, LATE + 1)] * UNCHANGED_READS, "the lock was not renewed for 60 s"),
        ([(content(), 1.0)] + [(content(), LATE + 1)] * UNCHANGED_READS, "the lock was not renewed for 60 s"),
        ([(content(), 1.0)] + [(content(), LATE + 1)] * (UNCHANGED_READS - 1), None),
        ([(content(), 1.0)] + [(content(), LATE - 1)] * UNCHANGED_READS, None),
        ([(content(renewed_at=at), at) for at in range(0, 600, 50)], None),
        ([(content(), 1.0), (content(), LATE + 1)], None),
        ([(content(), 1.0)] * 9 + [(content(renewed_at=1.0), 2.0), (content(renewed_at=1.0), LATE + 2)], None),
        ([(content(), 1.0), (content(renewed_at=1.0), 50.0)] + [(content(renewed_at=1.0), 70.0)] * 9, None),
        ([(content(renewed_at=9e9), 1.0), (content(renewed_at=1.0), LATE + 5)], None),
    ],
    ids=[
        "held",
        "taken over",
        "ended",
        "died on this machine",
        "gone",
        "gone for a moment",
        "gone and unreadable by turns",
        "being rewritten",
        "unreadable for a moment",
        "unreadable for a minute",
        "not renewed",
        "a stalled file system",
        "not renewed for a moment",
        "renewed",
        "an old state after a stall",
        "an old state of a renewed lock after a stall",
        "renewed a moment ago",
        "clocks that differ",
    ],
)
def test_the_lock_is_lost_for_a_reason_and_not_by_a_short_read_error(
    reads: list[tuple[bytes | None, float]], why: str | None
) -> None:
    lost = watch(*reads)
    if why is None:
        assert lost is None
    else:
        assert re.match(why, lost or ""), lost


@pytest.fixture
def output(output: OutputDirectory, monkeypatch: pytest.MonkeyPatch) -> Iterator[OutputDirectory]:
    monkeypatch.setattr(module, "CHECK_SECONDS", 0.01)
    yield output
    close_fences()


def test_who_asked_for_it_is_called_when_the_lock_is_lost(output: OutputDirectory) -> None:
    lost, also_lost = threading.Event(), threading.Event()
    with OutputLock(output, "mine"):
        fence = fence_of(output.url, "mine")
        assert fence_of(output.url, "mine") is fence
        fence.when_lost(lost.set)
        fence.when_lost(also_lost.set)
        fence.check()
        fence.check_now()
        assert not lost.is_set()
    assert lost.wait(30)
    assert also_lost.wait(30)
    with pytest.raises(RunFailed, match=f"^{output}: the launcher of the run has stopped; rerun the same command"):
        fence.check()
    again = threading.Event()
    fence.when_lost(again.set)
    assert again.is_set()


def test_a_worker_that_starts_after_its_run_stops_before_it_sends_anything(
    output: OutputDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECK_SECONDS", 3600.0)
    with OutputLock(output, "another"):
        fence = fence_of(output.url, "mine")
        with pytest.raises(RunFailed, match="another run has taken over the output"):
            fence.check()
        stopped = threading.Event()
        fence.when_lost(stopped.set)
        assert stopped.is_set()


def test_a_publisher_does_not_wait_for_the_next_look(output: OutputDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECK_SECONDS", 3600.0)
    monkeypatch.setattr(module, "FRESH_SECONDS", 0.0)
    with OutputLock(output, "mine"):
        fence = Fence(output, "mine")
        fence.check_now()
        output.write_bytes(LOCK_FILE, content("other"))
        fence.check()
        for later in (content(ended=True), b""):
            with pytest.raises(RunFailed, match="another run has taken over the output"):
                fence.check_now()
            output.write_bytes(LOCK_FILE, later)
        fence.close()


def test_a_publisher_does_not_look_again_at_once(output: OutputDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECK_SECONDS", 3600.0)
    monkeypatch.setattr(module, "FRESH_SECONDS", 60.0)
    read, reads = output.read_bytes, list[str]()

    def counted(name: str) -> bytes:
        reads.append(name)
        return read(name)

    with OutputLock(output, "mine"):
        fence = Fence(output, "mine")
        fence._look()
        monkeypatch.setattr(output, "read_bytes", counted)
        fence.check_now()
        fence.close()
    assert reads == []


def test_a_store_that_fails_for_a_moment_stops_nobody(output: OutputDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = threading.Semaphore(0)

    def fails(name: str) -> bytes:
        reads.release()
        raise RunFailed("HTTP 503")

    with OutputLock(output, "mine"):
        fence = Fence(output, "mine")
        monkeypatch.setattr(output, "read_bytes", fails)
        for _ in range(10):
            assert reads.acquire(timeout=30)
        fence.check()
        fence.check_now()
        fence.close()


def test_closed_fences_are_forgotten(output: OutputDirectory) -> None:
    with OutputLock(output, "mine"):
        first = fence_of(output.url, "mine")
        close_fences()
        assert not first._thread.is_alive()
        assert fence_of(output.url, "mine") is not first
