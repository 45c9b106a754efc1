from __future__ import annotations

import os
import signal
import subprocess

from transforms.child_signals import signals_left_to_parent


def test_children_do_not_see_what_the_whole_group_is_sent() -> None:
    with (
        signals_left_to_parent(),
        subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child,
    ):
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(child.pid, number)
        output, _ = child.communicate(b"still here")
    assert output == b"still here"
    assert child.returncode == 0


def test_the_parent_sees_signals_after_it() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with signals_left_to_parent():
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) >= {signal.SIGINT, signal.SIGTERM}
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
