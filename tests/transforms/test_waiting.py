from __future__ import annotations

import logging
import os
import signal
import threading
import time

import pytest

from transforms import waiting
from transforms.waiting import announced, interruptible, within


def test_what_takes_long_is_announced_and_what_does_not_is_not(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        with announced("reading a quick file", 3600):
            pass
        with announced("reading a file", 0.0):
            while not caplog.records:
                time.sleep(0.001)
    assert caplog.messages == ["still waiting after 0 s: reading a file"]


def test_a_function_is_given_up_and_others_return_or_raise() -> None:
    blocked = threading.Event()
    assert within(60, "adding", lambda: 1 + 1) == 2
    with pytest.raises(ZeroDivisionError):
        within(60, "dividing", lambda: 1 / 0)
    with pytest.raises(TimeoutError, match="no answer within"):
        within(0.01, "waiting", lambda: blocked.wait(60))
    blocked.set()


def test_a_long_wait_is_announced_again_though_others_begin_and_end(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "ANNOUNCE_SECONDS", 0.0)
    with caplog.at_level(logging.WARNING), announced("reading a file", 0.0):
        while caplog.messages.count("still waiting after 0 s: reading a file") < 2:
            with announced("reading another file", 3600):
                time.sleep(0.001)
    assert "another" not in caplog.text


def test_a_signal_that_raises_ends_the_wait_and_results_and_errors_come_through() -> None:
    def stop(*_: object) -> None:
        raise InterruptedError("stopped")

    def block() -> None:
        os.kill(os.getpid(), signal.SIGUSR1)
        released.wait(60)

    assert interruptible(lambda: 1 + 1) == 2
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 / 0)
    released = threading.Event()
    previous = signal.signal(signal.SIGUSR1, stop)
    try:
        with pytest.raises(InterruptedError):
            interruptible(block)
    finally:
        signal.signal(signal.SIGUSR1, previous)
        released.set()
