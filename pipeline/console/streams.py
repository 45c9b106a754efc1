"""stdin, stdout and stderr: usable whatever the process was started with, and written for people or for programs."""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Any, Literal, TextIO


def prepare() -> None:
    """Make sure that every character can be written to stdout and stderr, even if they were closed (``>&-``).

    A closed stream is replaced by the null device. Otherwise its descriptor would go to the next file that is opened,
    and what a library writes to stderr would end up in a part or in the translation memory.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            # The system assigns the lowest free descriptor, which is that of the closed stream.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end
        elif isinstance(stream, io.TextIOWrapper) and mode == "w":
            stream.reconfigure(errors="backslashreplace")


def is_for_people(summary_format: Literal["auto", "json", "table"], stream: TextIO) -> bool:
    """Whether ``stream`` gets a table for people, and not JSON for programs; ``auto`` asks if it is a terminal."""
    return stream.isatty() if summary_format == "auto" else summary_format == "table"


def json_text(value: Any, stream: TextIO, indent: int | None = None) -> str:
    """Return ``value`` as JSON that ``stream`` can encode, with ``\\u`` escapes where necessary."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent, default=str)
    return text
