"""Parts whose pages are damaged although their footers are whole: a resumed run must not count them as complete.

Reading every page at each start would take too long. The index in ``_state/`` remembers size and modification time of
parts that this program has written or read in full; only parts that have changed since are read.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.sink.footers import PartFooter
from transforms.sink.output_directory import STATE, OutputDirectory
from transforms.sink.write_errors import reason

LOG = logging.getLogger(__name__)

INDEX_FILE = f"{STATE}/parts.json"
PARTS_AT_ONCE = 4
BATCH_ROWS = 1024


def sound_parts(output: OutputDirectory) -> dict[str, PartFooter | None]:
    """Return the footers of the existing parts; None for a part that is damaged or not of this program.

    Only parts on local disks are read: object stores check what they hold.

    Raises:
        RunFailed: The directory cannot be read.
    """
    parts = output.existing_parts()
    if output.local_path("") is None:
        return parts
    known = _read_index(output)
    changed = [name for name, footer in parts.items() if footer is not None and known.get(name) != _stamp(output, name)]
    if changed:
        LOG.debug("reading %d parts that have changed since they were written", len(changed))
    with ThreadPoolExecutor(PARTS_AT_ONCE) as pool:
        faults = dict(zip(changed, pool.map(lambda name: damage(output.path_of(name)), changed), strict=True))
    for name, fault in faults.items():
        if fault is not None:
            LOG.warning("%s is damaged (%s) and does not count as complete", output.path_of(name), fault)
            parts[name] = None
    return parts


def stamps(output: OutputDirectory, names: Iterable[str]) -> dict[str, str]:
    """Return size and modification time of parts by name; empty for an output on another machine."""
    if output.local_path("") is None:
        return {}
    found = {name: _stamp(output, name) for name in names}
    return {name: stamp for name, stamp in found.items() if stamp is not None}


def write_index(output: OutputDirectory, sound: Mapping[str, str]) -> None:
    """Remember parts that are known to be sound, as of ``stamps``; on local disks only.

    Raises:
        RunFailed: The index cannot be written.
    """
    if output.local_path("") is not None and sound != _read_index(output):
        output.write_bytes(INDEX_FILE, json.dumps(sound, ensure_ascii=False).encode())


def damage(path: str) -> str | None:
    """Return what is wrong with the pages of a local Parquet file; None if all can be read."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True, pre_buffer=False) as file:
            for _ in file.iter_batches(BATCH_ROWS, use_threads=False):
                pass
    except (OSError, pa.ArrowException, ValueError) as error:
        return reason(error)
    return None


def _read_index(output: OutputDirectory) -> Mapping[str, str]:
    try:
        index = json.loads(output.read_bytes(INDEX_FILE) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return index if isinstance(index, dict) else {}


def _stamp(output: OutputDirectory, name: str) -> str | None:
    try:
        status = Path(output.path_of(name)).stat()
    except OSError:
        return None
    return f"size={status.st_size} mtime_ns={status.st_mtime_ns}"
