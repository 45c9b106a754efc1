"""How many files and connections the process may have open at once."""

from __future__ import annotations

import logging
import resource

LOG = logging.getLogger(__name__)

ENOUGH_OPEN_FILES = 8192
"""For some twenty hosts with a hundred requests each, and what else is open."""


def allow_open_files() -> int:
    """Raises this process's limit as far as it may, if it is low; returns what it is then.

    macOS begins with 256, many a service manager with 1,024, and each request in flight is a connection. The limit that
    only an administrator may raise is often much higher.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH_OPEN_FILES if hard == resource.RLIM_INFINITY else min(ENOUGH_OPEN_FILES, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:  # macOS has a lower one for each process, which it does not tell
        LOG.debug("the limit of open files is left at %d: %s", soft, error)
        return soft
    return wanted
