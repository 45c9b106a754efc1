"""Limits of the process: resident memory, garbage collection, turns of threads, and open files."""

from __future__ import annotations

import ctypes
import ctypes.util
import gc
import logging
import resource
import sys
from collections.abc import Container, Iterator
from contextlib import contextmanager

LOG = logging.getLogger(__name__)

M_ARENA_MAX = -8
"""Parameter of glibc's mallopt(3): the number of heaps."""

YOUNG_OBJECTS = 50_000
"""Allocations between two collections of the youngest generation. A few hundred requests in flight allocate some tens
of thousands of objects, which a more frequent collection would visit again and again: at 5,000 it took 6 % of a run."""


def use_one_arena() -> bool:
    """Make glibc keep one heap for all threads; return whether it does. Call it before starting threads.

    By default, each thread gets its own heap. The event loop's buffers of 256 kB and the small objects of other threads
    then fragment several heaps: texts of 2,000 characters took 435 MB instead of 290 MB. Python's lock lets only one
    thread allocate at a time anyway, and Arrow has its own allocator.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(ctypes.util.find_library("c")).mallopt(M_ARENA_MAX, 1))
    except (OSError, AttributeError) as error:  # another C library, such as musl, has no such setting
        LOG.debug("cannot set the number of malloc arenas: %s", error)
        return False


def calm_collector() -> None:
    """Exclude everything that is imported by now from garbage collection, and collect less often.

    Beam and Arrow create nearly 200,000 objects that live as long as the process. Visiting them at each full
    collection took 9 % of the time of a run at 1,000 rows/s, and frequent collections another 6 %.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


SWITCH_SECONDS = 0.001
"""How long a thread may keep Python's lock while another one waits for it; 0.005 by default."""


def switch_threads_often() -> None:
    """Let threads take turns often, as answers wait while Beam's thread has its turn, and hosts idle meanwhile.

    Two instant hosts gave 7 % more rows per second (medians of 4 runs in turn). At a third of the time, no more.
    """
    sys.setswitchinterval(SWITCH_SECONDS)


class _Hiding:
    """Import hook that reports packages as not installed."""

    def __init__(self, packages: Container[str]) -> None:
        self._packages = packages

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Raise ``ModuleNotFoundError`` for the packages."""
        if name in self._packages:
            raise ModuleNotFoundError(f"{name} is hidden, as it is not needed")


UNUSED = ("pandas", "bson")
"""Packages that Beam and Arrow import if they find them, and that the pipeline does not need: pandas takes 45 MB, and
MongoDB's, which comes with Beam, 6 MB."""


@contextmanager
def hidden(*packages: str) -> Iterator[None]:
    """While the context is open, report packages as not installed, unless they were imported before."""
    hook = _Hiding(packages)
    sys.meta_path.insert(0, hook)
    try:
        yield
    finally:
        sys.meta_path.remove(hook)


ENOUGH_OPEN_FILES = 8192
"""Enough for twenty hosts with a hundred requests each, and all other files."""


def allow_open_files() -> int:
    """Raise this process's limit of open files if it is low, as far as permitted; return the resulting limit.

    Each request in flight is a connection. macOS starts with a limit of 256, and many service managers with 1,024; the
    hard limit is often much higher.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH_OPEN_FILES if hard == resource.RLIM_INFINITY else min(ENOUGH_OPEN_FILES, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:  # macOS has a lower limit per process, which it does not report
        LOG.debug("cannot raise the limit of open files above %d: %s", soft, error)
        return soft
    return wanted
