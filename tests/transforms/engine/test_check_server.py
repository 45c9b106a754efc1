from __future__ import annotations

import pickle
import socket
import threading
from operator import add, truediv

from transforms.engine.check_server import FRAME_LENGTH, answer, frame, serve


def test_calls_are_answered_in_order_and_one_that_raises_has_no_result() -> None:
    assert answer([(add, (1, 2)), (truediv, (1, 0)), (add, ("a", "b"))]) == [(3,), None, ("ab",)]


def test_messages_are_answered_until_the_other_end_closes() -> None:
    ours, theirs = socket.socketpair()
    server = threading.Thread(target=serve, args=[theirs])
    server.start()
    with ours, ours.makefile("rb") as results:
        for number in range(3):
            ours.sendall(frame([(add, (number, 1)), (add, ("é" * 100_000, "\ud800"))]))
            (size,) = FRAME_LENGTH.unpack(results.read(FRAME_LENGTH.size))
            received = pickle.loads(results.read(size))  # noqa: S301 - our own server wrote it
            assert received == [(number + 1,), ("é" * 100_000 + "\ud800",)]
    server.join(10)
    assert not server.is_alive()
