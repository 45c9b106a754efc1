"""Folders that a table format manages: which of their files are current stands in their log, not in their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from transforms.errors import UsageError

_MARKERS = {"_delta_log": "Delta Lake", ".hoodie": "Hudi"}
_ICEBERG = ("metadata", ".metadata.json")
_REMEDIES = {
    "Delta Lake": "export the current rows with that library (deltalake: DeltaTable(path).to_pyarrow_table()), or name "
    "the files that are to be read",
    "Iceberg": "export the current rows with that library (pyiceberg: table.scan().to_arrow()), or name the files that "
    "are to be read",
    "Hudi": "export the current rows with Spark (spark.read.format('hudi').load(path)), or name the files that are to "
    "be read",
}


def managed_tables(paths: Iterable[str]) -> dict[str, str]:
    """Return the folders that a table format manages, judged by a listing of paths: name of the format by folder."""
    found: dict[str, str] = {}
    for path in paths:
        parts = path.split("/")
        for number, part in enumerate(parts):
            if part in _MARKERS:
                found["/".join(parts[:number])] = _MARKERS[part]
        if len(parts) > 1 and parts[-2] == _ICEBERG[0] and parts[-1].endswith(_ICEBERG[1]):
            found["/".join(parts[:-2])] = "Iceberg"
    return found


def managed_ancestor(fs: Any, folders: Iterable[str]) -> tuple[str, str] | None:
    """Return the first of some folders, or of the folders above them, that a table format manages, and its format."""
    known: set[str] = set()
    for folder in folders:
        for ancestor in _upwards(folder):
            if ancestor in known:
                break
            known.add(ancestor)
            for name, kind in _MARKERS.items():
                if fs.exists(f"{ancestor}/{name}"):
                    return ancestor, kind
            if fs.glob(f"{_literal(ancestor)}/{_ICEBERG[0]}/*{_ICEBERG[1]}"):
                return ancestor, "Iceberg"
    return None


def refuse(given: str, folder: str, kind: str) -> UsageError:
    """Return the error for an input that reads a managed folder."""
    return UsageError(
        f"--input {given}: {folder} is a {kind} table, whose files also hold deleted and replaced rows: "
        f"{_REMEDIES[kind]}"
    )


def _upwards(folder: str) -> Iterator[str]:
    path = PurePosixPath(folder)
    for ancestor in (path, *path.parents):
        if str(ancestor) in ("/", ".", ""):
            return
        yield str(ancestor)


def _literal(path: str) -> str:
    """A path as the glob that matches only it."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in path)
