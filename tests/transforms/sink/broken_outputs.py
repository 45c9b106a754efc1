"""Runs whose output fails: the faults of a local disk and of a file system without rename, and what is left of it."""

from __future__ import annotations

import errno
import json
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.sandbox.running import SandboxThread
from tests.transforms.sink.part_batches import FaultyFileSystem

ROWS = 30
UNIT_ROWS = 10
BROKEN_ROW = 15


class Ended:
    """A run's exit code, stdout and stderr."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def error(self) -> str:
        """The one error that it told, in one line; the summary says the same, if the run came so far."""
        assert self.code == 1, self.err
        assert "Traceback" not in self.err
        (line,) = [line for line in self.err.splitlines() if " ERROR " in line]
        if self.out:
            summary = json.loads(self.out)
            assert summary["exit_code"] == 1
            assert summary["message"] in line
        return line

    def summary(self) -> dict[str, Any]:
        """Of a run that ended well."""
        assert self.code == 0, self.err
        assert "Traceback" not in self.err
        summary: dict[str, Any] = json.loads(self.out)
        return summary


Run = Callable[..., Ended]


def arguments(source: Path, output: str, host: SandboxThread) -> list[str]:
    places = ["--input", str(source), "--output", output, "--hosts", host.url]
    return [*places, "--unit_rows", str(UNIT_ROWS), "--max_failed_ratio", "0.1", "--progress", "off"]


class SelectiveFileSystem(FaultyFileSystem):
    """Fails only for files with ``only`` in their names."""

    only: ClassVar[str] = ""
    fail_open: ClassVar[BaseException | None] = None
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    def put_file(self, lpath: str, rpath: str, **kwargs: Any) -> None:
        if self.fail_put is None or self.only in rpath:
            super().put_file(lpath, rpath, **kwargs)
        else:
            super(FaultyFileSystem, self).put_file(lpath, rpath, **kwargs)

    def _open(self, path: str, mode: str = "rb", **kwargs: Any) -> Any:
        if mode == "wb" and self.fail_open is not None and path.endswith("/elsewhere/summary.json"):
            raise self.fail_open
        return super()._open(path, mode, **kwargs)

    def rm_file(self, path: str) -> None:
        if self.fail_remove is None or self.only in path:
            super().rm_file(path)
        else:
            super(FaultyFileSystem, self).rm_file(path)


def files(url: str) -> dict[str, bytes]:
    """All files of an output by their names in it; the memory, the lock and the time series are not looked at."""
    fs, root = fsspec.core.url_to_fs(url)
    names = [path.removeprefix(root).lstrip("/") for path in fs.find(root)]
    ignored = ("_state/memory.sqlite", "_state/lock", "_state/runs/")
    return {name: fs.cat_file(f"{root}/{name}") for name in names if not name.startswith(ignored)}


def rows_of(url: str) -> list[dict[str, Any]]:
    """The rows of all parts in order; each part must be whole."""
    found = sorted((name, content) for name, content in files(url).items() if name.startswith("part-"))
    tables = [pq.read_table(pa.BufferReader(content)) for _, content in found]
    assert {table.num_rows for table in tables} <= {UNIT_ROWS}
    return [row for table in tables for row in table.to_pylist()]


def check_nothing_half_written(url: str) -> None:
    """Whatever has a final name is whole, and nothing has a temporary one."""
    rows_of(url)
    for name, content in files(url).items():
        assert not name.endswith(".tmp")
        if name.endswith((".json", ".jsonl")):
            assert [json.loads(line) for line in (content.splitlines() if name.endswith("l") else [content])]
    assert list(Path(tempfile.gettempdir()).glob("translate-*")) == []


def check_complete(url: str, summary: dict[str, Any]) -> None:
    check_nothing_half_written(url)
    assert summary["rows"] == ROWS
    rows = rows_of(url)
    assert [row["id"] for row in rows] == [row if row != BROKEN_ROW else None for row in range(ROWS)]
    assert [row["text_en_status"] for row in rows] == ["ok"] * 15 + ["failed"] + ["ok"] * 14
    letters = [content for name, content in files(url).items() if name.startswith("_dead_letter/")]
    assert len(letters) == 1
    assert json.loads(letters[0])["raw"] == "{broken"
    assert json.loads(files(url)["_summary.json"])["rows"] == ROWS


def fails_to_begin(monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    """Temporary files can't be made."""
    genuine = os.open

    def faulty(path: Any, *more: Any, **named: Any) -> int:
        if str(path).endswith(".tmp") and "translate-" in str(path):
            raise error
        return genuine(path, *more, **named)

    monkeypatch.setattr(os, "open", faulty)


def fails_to_flush(monkeypatch: pytest.MonkeyPatch, error: OSError, directories: bool) -> None:
    genuine = os.fsync

    def faulty(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) == directories:
            raise error
        genuine(descriptor)

    monkeypatch.setattr(os, "fsync", faulty)


def fails_to_rename(monkeypatch: pytest.MonkeyPatch, error: OSError, only: str) -> None:
    genuine = Path.replace

    def faulty(path: Path, target: Path) -> Path:
        if only in str(target):
            raise error
        return genuine(path, target)

    monkeypatch.setattr(Path, "replace", faulty)


def no_space() -> OSError:
    return OSError(errno.ENOSPC, "No space left on device")


def broken_disk() -> OSError:
    return OSError(errno.EIO, "Input/output error")
