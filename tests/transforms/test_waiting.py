from __future__ import annotations

import logging
import threading
import time

import pytest

from transforms.waiting import announced, within


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
