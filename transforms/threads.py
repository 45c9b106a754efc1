"""Work on thousands of items in a few threads, without a task in memory for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

QUEUED = 256
"""Tasks that wait at a time. A task of an executor takes some 10 KB until its result is taken."""


def map_in_threads(function: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[Result]:
    """Yield the result of ``function`` for each of ``items``, in order.

    Args:
        function: Called in several threads at once.
        items: Its arguments.
        threads: Number of threads.

    Raises:
        Exception: Whatever ``function`` raised; no further calls begin then.
    """
    remaining = iter(items)
    with ThreadPoolExecutor(threads) as pool:
        while some := list(islice(remaining, QUEUED)):
            yield from pool.map(function, some)
