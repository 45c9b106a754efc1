"""Errors of writing as one line: which file, why, and what to do."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from transforms.errors import RunFailed
from transforms.masking import mask_urls


def reason(error: BaseException) -> str:
    """Return the message of an exception on one line, without secrets, and without a full stop at its end."""
    if isinstance(error, OSError) and error.strerror:
        text = error.strerror if error.filename is None else f"{error.strerror}: {error.filename}"
    else:
        text = str(error).strip()
    return mask_urls(text.splitlines()[0].rstrip(".")) if text else type(error).__name__


@contextlib.contextmanager
def explained(target: str, folder: Path, local: bool, needed_bytes: int = 0) -> Iterator[None]:
    """Turn errors of writing into one line that says where, why and what to do.

    Args:
        target: Address of the file that is written.
        folder: Directory on this machine where it is built.
        local: Whether the output is on this machine, too.
        needed_bytes: Upper bound of what is written.

    Raises:
        RunFailed: For every OSError inside the context.
    """
    try:
        yield
    except OSError as error:
        remedy = ""
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            free = shutil.disk_usage(folder).free if folder.exists() else 0
            needed = f", up to {_megabytes(needed_bytes)} needed" if needed_bytes else ""
            elsewhere = "" if local else ", or name another directory with TMPDIR"
            remedy = f"{_megabytes(free)} free in {folder}{needed}: make room{elsewhere}, then "
        elif error.errno == errno.EFBIG:
            remedy = "allow larger files (ulimit -f), then "
        raise RunFailed(f"cannot write {target}: {reason(error)}; {remedy}rerun the same command to resume") from error


def _megabytes(count: int) -> str:
    return f"{-(-count // 1_000_000)} MB"
