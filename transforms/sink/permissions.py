"""Permissions of the output's files: they hold private texts."""

from __future__ import annotations

import os
import stat

from transforms.file_systems import file_system

BY_UMASK = 0o666
"""Mode of a new file without any text of a row: the umask alone decides."""

OWNER_ONLY = 0o600
"""Mode of the translation memory, and of files in a folder that is shared with others."""


def permissions_of(source: str) -> int:
    """Return the mode for a part: whoever may not read the input may not read the part.

    The umask is applied as well. An input on another machine has no permissions, so that the umask alone decides.

    Args:
        source: Address of the input file.
    """
    if "://" in source and not source.startswith(("file://", "local://")):
        return BY_UMASK
    path = file_system(source)[1]
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)  # noqa: PTH116 - fsspec's paths are strings
    except OSError:  # it was removed meanwhile, which the reader reports
        return OWNER_ONLY
    return (mode | OWNER_ONLY) & BY_UMASK
