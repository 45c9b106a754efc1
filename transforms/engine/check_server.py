"""The other end of ``second_process``: calls functions in a process that imports no more than they need."""

from __future__ import annotations

import pickle
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

FRAME_LENGTH: Final = struct.Struct("!I")
"""Each message is a pickle, after its length in bytes."""

Call = tuple[Callable[..., Any], tuple[Any, ...]]
Result = tuple[Any] | None
"""The result of a call in a tuple; None if it raised: whoever asked for it makes the call again, and gets the error."""


def frame(message: Sequence[Any]) -> bytes:
    """A message as it is sent."""
    content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return FRAME_LENGTH.pack(len(content)) + content


def answer(calls: Sequence[Call]) -> list[Result]:
    """The results of calls, in order."""
    return [_result(function, arguments) for function, arguments in calls]


def _result(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Result:
    try:
        return (function(*arguments),)
    except Exception:  # raised again where the call comes from
        return None


def serve(connection: socket.socket) -> None:
    """Answer messages until the other end closes the connection, or ends in any way."""
    with connection, connection.makefile("rb") as messages:
        while len(length := messages.read(FRAME_LENGTH.size)) == FRAME_LENGTH.size:
            (size,) = FRAME_LENGTH.unpack(length)
            calls = pickle.loads(messages.read(size))  # noqa: S301 - our own process wrote it
            connection.sendall(frame(answer(calls)))


def main() -> None:
    """Serve the connection whose file descriptor is the last argument."""
    serve(socket.socket(fileno=int(sys.argv[-1])))
