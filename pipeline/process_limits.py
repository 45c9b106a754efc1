"""Limits of the process: resident memory, garbage collection, and open files."""

from __future__ import annotations

import ctypes
import ctypes.util
import gc
import logging
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LOG = logging.getLogger(__name__)

M_ARENA_MAX = -8
"""Of glibc's mallopt(3)."""

YOUNG_OBJECTS = 5_000
"""Objects that come to be between two looks of the garbage collector at the young ones. Python's own 700 or 2,000 is
less than what some hundred requests in flight are made of."""


def use_one_arena() -> bool:
    """Makes glibc keep one heap for all threads; returns whether it does. To be called before threads are started.

    By default each thread gets a heap of its own. The event loop's buffers of 256 kB and the small objects of other
    threads then fragment several heaps: texts of 2,000 characters took 435 MB instead of 290. Python's lock lets only
    one thread allocate at a time anyway, and Arrow has an allocator of its own.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(ctypes.util.find_library("c")).mallopt(M_ARENA_MAX, 1))
    except (OSError, AttributeError) as error:  # another C library, such as musl, has no such setting
        LOG.debug("the number of malloc's arenas is left as it is: %s", error)
        return False


def calm_collector() -> None:
    """Makes Python's garbage collector pass over all that is imported by now, and look less often at the rest.

    Beam and Arrow come to nearly 200,000 objects that live as long as the process; going through them again and
    again took 9 % of the time of a run at 1,000 rows/s, and looks that are too frequent another 6 %.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


class _Hiding:
    """An import hook that finds nothing, and says that a package is not there."""

    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Raises ModuleNotFoundError for the package."""
        if name == self._package:
            raise ModuleNotFoundError(f"{name} is hidden from the packages that look for it")


@contextmanager
def hidden(package: str) -> Iterator[None]:
    """While the context is open, a package counts as not installed, unless it was imported before.

    Beam and Arrow import pandas if they find it, which takes 45 MB; nothing here uses data frames.
    """
    hook = _Hiding(package)
    sys.meta_path.insert(0, hook)
    try:
        yield
    finally:
        sys.meta_path.remove(hook)


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
