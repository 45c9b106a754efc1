from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from pipeline.workers.messages import Channel, Finished, NextTask, Stop
from transforms.errors import NoHostLeft

Ends = tuple[Channel, Channel]


@pytest.fixture
def ends() -> Iterator[Ends]:
    one, other = map(Channel, socket.socketpair())
    yield one, other
    one.close()
    other.close()


def test_messages_of_any_size_arrive_in_order(ends: Ends) -> None:
    sent = [NextTask(), "x" * 5_000_000, None, Stop()]
    sending = threading.Thread(target=lambda: [ends[0].send(message) for message in sent])
    sending.start()
    assert [ends[1].receive() for _ in sent] == sent
    sending.join()


def test_an_error_arrives_as_it_is(ends: Ends) -> None:
    ends[0].send(Finished(NoHostLeft("no host was healthy for 30 min")))
    error = ends[1].receive().error
    assert isinstance(error, NoHostLeft)
    assert str(error) == "no host was healthy for 30 min"


def test_both_ends_notice_that_the_other_is_gone() -> None:
    ours, theirs = socket.socketpair()
    one = Channel(ours)
    theirs.sendall(b"\x80\x05half")
    theirs.close()
    with pytest.raises(EOFError):
        one.receive()
    assert not one.send(Stop())
    one.close()
