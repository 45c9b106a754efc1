"""Parsers of option values.

Each function takes the text of a value and returns the value, or returns such a function. An invalid text raises
``ValueError`` with the rest of a sentence that begins with the option's name: ``must be a whole number of at least 1``.
"""

from __future__ import annotations

import codecs
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from transforms.errors import UsageError

Name = TypeVar("Name", bound=str)

LONGEST_SECONDS = 10**9
"""About 30 years; larger values overflow the clocks of Python and Ollama."""

_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION_PIECE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_BOOLEANS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def text(value: str) -> str:
    """Return the text without surrounding white space; it must not be blank."""
    if not value.strip():
        raise ValueError("must not be empty")
    return value.strip()


def column(value: str) -> str:
    """Return the name of a column unchanged, as it may begin or end with a space; it must not be blank."""
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def encoding(value: str) -> str:
    """Return the canonical name of a text encoding."""
    try:
        found = codecs.lookup(value)
        b"".decode(value)
    except LookupError:
        raise ValueError("must be the name of a text encoding, such as utf-8 or cp1252") from None
    return found.name


def one(parse: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
    """Return a parser for a repeatable option whose every text is one value."""
    return lambda value: (parse(value),)


def boolean(value: str) -> bool:
    """Parse 1, true, yes, 0, false or no, ignoring case."""
    found = _BOOLEANS.get(value.strip().lower())
    if found is None:
        raise ValueError("must be one of 1, true, yes, 0, false, no")
    return found


def choice(*names: Name) -> Callable[[str], Name]:
    """Return a parser for one of ``names``, ignoring case."""
    by_text = {name: name for name in names}

    def parse(value: str) -> Name:
        found = by_text.get(cast("Name", value.strip().lower()))
        if found is None:
            raise ValueError(f"must be one of {', '.join(names)}" if len(names) > 1 else f"must be {names[0]}")
        return found

    return parse


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return a parser for a whole number from ``least`` to ``most``, both included."""
    bounds = f"of at least {least}" if most is None else f"from {least} to {most}"

    def parse(value: str) -> int:
        if not re.fullmatch(r"[-+]?\d{1,18}", value.strip(), re.ASCII):
            raise ValueError(f"must be a whole number {bounds}")
        number = int(value)
        if number < least or (most is not None and number > most):
            raise ValueError(f"must be a whole number {bounds}")
        return number

    return parse


def number(least: float, most: float, above: bool = False) -> Callable[[str], float]:
    """Return a parser for a number from ``least`` to ``most``; ``above`` excludes ``least`` itself."""
    bounds = f"above {least:g} and at most {most:g}" if above else f"from {least:g} to {most:g}"

    def parse(value: str) -> float:
        found = float(value) if _NUMBER.fullmatch(value.strip()) else math.nan
        if not least <= found <= most or (above and found == least):
            raise ValueError(f"must be a number {bounds}")
        return found

    return parse


def duration(least_seconds: float) -> Callable[[str], float]:
    """Return a parser for seconds, or a duration such as ``90s``, ``30m`` or ``1h30m``; the value is in seconds."""

    def parse(value: str) -> float:
        seconds = _seconds(value)
        if seconds is None or not least_seconds <= seconds <= LONGEST_SECONDS:
            raise ValueError(
                "must be a number of seconds or a duration such as 90s, 30m or 1h30m, from "
                f"{least_seconds:g} to {LONGEST_SECONDS} s"
            )
        return seconds

    return parse


def keep_alive(value: str) -> str | float:
    """Parse Ollama's notation: a number of seconds, or a duration such as ``30m``; negative means forever.

    A number is returned as a number, as Ollama refuses it in a string (400, "missing unit in duration"). Zero is
    refused, as it would unload the model after each request.
    """
    seconds = _seconds(value)
    if seconds is None or seconds == 0 or seconds > LONGEST_SECONDS:
        raise ValueError(
            f"must be a number of seconds (at most {LONGEST_SECONDS}) or a duration such as 30m or 1h30m; negative "
            "means forever; 0 is refused, as hosts would reload the model for each text"
        )
    return seconds if _NUMBER.fullmatch(value.strip()) else value.strip()


def _seconds(value: str) -> float | None:
    """Return the seconds of a number or of a Go duration; None if the text is neither."""
    value = value.strip()
    if _NUMBER.fullmatch(value):
        return float(value) if math.isfinite(float(value)) else None
    unsigned = value[1:] if value[:1] in ("-", "+") else value
    if not unsigned or _DURATION_PIECE.sub("", unsigned):
        return None
    seconds = sum(float(piece[1]) * _UNIT_SECONDS[piece[2]] for piece in _DURATION_PIECE.finditer(unsigned))
    return -seconds if value.startswith("-") else seconds


def check_readable(place: str, path: str) -> None:
    """Check that a local file exists and is readable; remote URLs are not checked.

    Raises:
        UsageError: It is not; the message begins with ``place``.
    """
    local = _local(path)
    if local is None:
        return
    if not local.is_file():
        raise UsageError(f"{place}: no such file: {path!r}")
    if not os.access(local, os.R_OK):
        raise UsageError(f"{place}: no permission to read {path!r}")


def check_writable(place: str, path: str, directory: bool) -> None:
    """Check that a local directory or file can be created or written; remote URLs are not checked.

    Raises:
        UsageError: It cannot; the message begins with ``place``.
    """
    local = _local(path)
    if local is None:
        return
    if not directory and local.is_dir():
        raise UsageError(f"{place}: {path!r} is a directory, not a file")
    try:
        above = local if directory else local.parent
        existing = next(each for each in (above, *above.parents) if each.exists())
    except OSError as error:
        raise UsageError(f"{place}: cannot create {path!r}: {error.strerror}") from None
    if not existing.is_dir():
        raise UsageError(f"{place}: cannot create {path!r}: {str(existing)!r} is a file")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise UsageError(f"{place}: cannot create {path!r}: no permission to write in {str(existing)!r}")


def _local(path: str) -> Path | None:
    """Return the path on this machine; None for a remote URL."""
    plain = re.sub(r"^(file|local)://", "", path)
    return None if re.match(r"[A-Za-z][A-Za-z0-9+.-]*(://|::)", plain) else Path(plain).expanduser().absolute()
