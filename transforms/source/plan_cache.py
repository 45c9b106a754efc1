"""What planning found in each input file, kept so that files that did not change are not read again."""

from __future__ import annotations

import base64
import gzip
import json
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

import pyarrow as pa

from transforms.source.fingerprints import UNKNOWN
from transforms.source.json_scan import Scan
from transforms.source.json_schema import KindCounts
from transforms.source.parquet_footer import Footer
from transforms.source.work_units import SourceFile, WorkUnit

LOG = logging.getLogger(__name__)

FORMAT = 2
MAX_ENTRIES = 100_000
"""Above so many files, entries that this planning did not use are dropped."""


class PlanCache:
    """Footers and scans by the file's address; an entry only counts for the fingerprint and options it was made with.

    Attributes:
        changed: Whether something was added since it was read.
        schemas: The different schemas of all footers.
    """

    def __init__(self) -> None:
        self.changed = False
        self.schemas: list[pa.Schema] = []
        self._entries: dict[str, dict[str, Any]] = {}
        self._numbers: dict[bytes, int] = {}
        self._used: set[str] = set()

    @classmethod
    def from_bytes(cls, content: bytes) -> PlanCache:
        """Read what ``to_bytes`` wrote; a damaged or an older cache is an empty one."""
        cache = cls()
        if not content:
            return cache
        try:
            stored = json.loads(gzip.decompress(content))
            if stored["format"] == FORMAT:
                for encoded in stored["schemas"]:
                    cache._number(pa.ipc.read_schema(pa.py_buffer(base64.b64decode(encoded))))
                cache._entries = dict(stored["files"])
        except (OSError, EOFError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            LOG.info("ignored an unreadable plan cache (%s)", type(error).__name__)
            return cls()
        return cache

    def to_bytes(self) -> bytes:
        """Return the cache as compressed JSON."""
        if len(self._entries) > MAX_ENTRIES:
            self._entries = {url: entry for url, entry in self._entries.items() if url in self._used}
        schemas = [base64.b64encode(schema.serialize()).decode("ascii") for schema in self.schemas]
        stored = {"format": FORMAT, "schemas": schemas, "files": self._entries}
        return gzip.compress(json.dumps(stored, separators=(",", ":")).encode(), compresslevel=1)

    def footer(self, source: SourceFile) -> Footer | None:
        """Return the footer of a file, if it is known."""
        entry = self._entry(source, [])
        if entry is None:
            return None
        return Footer(self.schemas[entry["schema"]], tuple(entry["rows"]), tuple(entry["remarks"]), entry["digest"])

    def keep_footer(self, source: SourceFile, footer: Footer) -> None:
        """Store the footer of a file."""
        self._keep(
            source,
            [],
            schema=self._number(footer.schema),
            rows=footer.group_rows,
            remarks=footer.remarks,
            digest=footer.content_digest,
        )

    def scan(self, source: SourceFile, options: Sequence[Any]) -> Scan | None:
        """Return the scan of a file with these options (plain JSON values), if it is known."""
        entry = self._entry(source, list(options))
        if entry is None:
            return None
        identified = replace(
            source, compression=entry["compression"], encoding=entry["encoding"], content_digest=entry["digest"]
        )
        before = accumulate((rows for _, _, rows in entry["units"]), initial=0)
        units = tuple(
            WorkUnit(identified, number, start, stop, rows, first_row)
            for number, ((start, stop, rows), first_row) in enumerate(zip(entry["units"], before, strict=False))
        )
        return Scan(
            units,
            rows=entry["rows"],
            unreadable=entry["unreadable"],
            kinds=_kinds_from(entry["kinds"]),
            first_fault=entry["first_fault"],
            repeating=entry["repeating"],
        )

    def keep_scan(self, source: SourceFile, options: Sequence[Any], found: Scan) -> None:
        """Store the scan of a file with these options."""
        identified = found.units[0].source
        self._keep(
            source,
            list(options),
            units=[(unit.start, unit.stop, unit.rows) for unit in found.units],
            compression=identified.compression,
            encoding=identified.encoding,
            digest=identified.content_digest,
            rows=found.rows,
            unreadable=found.unreadable,
            first_fault=found.first_fault,
            repeating=found.repeating,
            kinds=_kinds_to(found.kinds),
        )

    def _entry(self, source: SourceFile, options: list[Any]) -> dict[str, Any] | None:
        entry = self._entries.get(source.url)
        if entry is None or entry["fingerprint"] != source.fingerprint or entry["options"] != options:
            return None
        self._used.add(source.url)
        return entry

    def _keep(self, source: SourceFile, options: list[Any], **values: Any) -> None:
        if source.fingerprint.endswith(UNKNOWN):
            return  # nothing would say that the file has changed
        self._entries[source.url] = {"fingerprint": source.fingerprint, "options": options, **values}
        self._used.add(source.url)
        self.changed = True

    def _number(self, schema: pa.Schema) -> int:
        key = schema.serialize().to_pybytes()
        if key not in self._numbers:
            self._numbers[key] = len(self.schemas)
            self.schemas.append(schema)
        return self._numbers[key]


def _kinds_to(counts: KindCounts) -> list[Any]:
    elements = None if counts.elements is None else _kinds_to(counts.elements)
    fields = {name: _kinds_to(inner) for name, inner in counts.fields.items()}
    return [dict(counts.kinds), elements, fields, counts.has_many_keys]


def _kinds_from(stored: list[Any]) -> KindCounts:
    kinds, elements, fields, has_many_keys = stored
    return KindCounts(
        Counter(kinds),
        None if elements is None else _kinds_from(elements),
        {name: _kinds_from(inner) for name, inner in fields.items()},
        has_many_keys,
    )
