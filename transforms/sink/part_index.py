"""Index of sound parts: a resumed run reads only the parts that have changed since this program wrote them.

A part may have a whole footer and damaged pages, and must not count as complete then. Reading every page of every part
at each start would take too long, so that parts on local disks are read in full only if their size or modification time
is not the one in the index. Object stores check what they hold; there the index saves one request for each footer.
"""

from __future__ import annotations

import gzip
import io
import json
import logging
import zlib
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.sink.footers import PREFIX, PartFooter, footer_of
from transforms.sink.output_directory import STATE, OutputDirectory
from transforms.sink.write_errors import reason
from transforms.threads import map_in_threads

LOG = logging.getLogger(__name__)

INDEX_FILE = f"{STATE}/parts.json.gz"
OWN_ENTRIES = frozenset({f"{PREFIX}source", f"{PREFIX}statistics"})
"""Entries of a footer that no other part has; the others are stored once for all parts."""

PARTS_AT_ONCE = 4
BATCH_ROWS = 1024


def sound_parts(output: OutputDirectory) -> dict[str, PartFooter | None]:
    """Return the footers of the existing parts; None for a part that is damaged or not of this program.

    Raises:
        RunFailed: The directory or a part cannot be read.
    """
    files = output.list_parts()
    index = _read_index(output)
    known = {name: index[name][1] for name, file in files.items() if name in index and file.stamp == index[name][0]}
    changed = {name: file for name, file in files.items() if name not in known}
    footers = {**known, **output.read_footers(changed)}
    if output.local_path("") is not None:
        whole = [name for name in changed if footers[name] is not None]
        faults = map_in_threads(lambda name: damage(output.path_of(name)), whole, PARTS_AT_ONCE)
        for name, fault in zip(whole, faults, strict=True):
            if fault is not None:
                LOG.warning("%s is damaged (%s) and does not count as complete", output.path_of(name), fault)
                footers[name] = None
    return {name: footers[name] for name in files}


def write_index(output: OutputDirectory, sound: Mapping[str, PartFooter]) -> None:
    """Remember parts that are known to be sound.

    Raises:
        RunFailed: The index cannot be written.
    """
    shared: dict[str, int] = {}  # thousands of parts have one recipe and one schema
    content = io.BytesIO()
    # Part by part: the whole of it as text would take more memory than anything else in a run over thousands of files.
    with gzip.GzipFile(fileobj=content, mode="wb", compresslevel=1, mtime=0) as file:
        file.write(b'{"parts": {')
        separator = b""
        for name, part in output.list_parts().items():
            if name in sound and part.stamp is not None:
                entries = {
                    key: value if key in OWN_ENTRIES else shared.setdefault(value, len(shared))
                    for key, value in sound[name].to_metadata().items()
                }
                file.write(separator + f"{json.dumps(name)}: {json.dumps([part.stamp, entries])}".encode())
                separator = b",\n"
        file.write(b'}, "texts": ' + json.dumps(list(shared)).encode() + b"}")
    output.write_bytes(INDEX_FILE, content.getvalue())


def damage(path: str) -> str | None:
    """Return what is wrong with the pages of a local Parquet file; None if all can be read."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True, pre_buffer=False) as file:
            for _ in file.iter_batches(BATCH_ROWS, use_threads=False):
                pass
    except (OSError, pa.ArrowException, ValueError) as error:
        return reason(error)
    return None


def _read_index(output: OutputDirectory) -> dict[str, tuple[str, PartFooter]]:
    """Return stamp and footer of the parts in the index; none if the index is damaged, as it only saves time."""
    content = output.read_bytes(INDEX_FILE)
    if not content:
        return {}
    found = {}
    try:
        index = json.loads(gzip.decompress(content))
        texts = [text.encode() for text in index["texts"]]
        for name, (stamp, entries) in index["parts"].items():
            values = {key: texts[value] if isinstance(value, int) else value.encode() for key, value in entries.items()}
            footer = footer_of({key.encode(): value for key, value in values.items()})
            if footer is not None:
                found[str(name)] = (str(stamp), footer)
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        LOG.debug("%s is damaged, and ignored", output.path_of(INDEX_FILE))
        return {}
    return found
