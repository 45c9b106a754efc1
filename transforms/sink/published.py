"""Footers of the parts that this process has published: a launcher whose workers run in its process need not read them.

On an object store, reading the footers of a thousand small parts after the run would take as long as writing them.
"""

from __future__ import annotations

import threading

from transforms.sink.footers import PartFooter

_FOOTERS: dict[str, dict[str, PartFooter]] = {}
_LOCK = threading.Lock()


def note_published(name: str, footer: PartFooter) -> None:
    """Remember the footer of a part that was published, under the run that it names."""
    if footer.run_id:
        with _LOCK:
            _FOOTERS.setdefault(footer.run_id, {})[name] = footer


def take_published(run_id: str) -> dict[str, PartFooter]:
    """Return the footers of the parts that this process has published for a run, by name, and forget them."""
    with _LOCK:
        return _FOOTERS.pop(run_id, {})
