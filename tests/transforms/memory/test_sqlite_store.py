from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

import pytest

from tests.transforms.memory.stores import entries, key
from transforms.memory.sqlite_store import SqliteStore
from transforms.memory.store import MemoryUnavailable


def test_a_file_that_is_deleted_during_the_run_is_created_again(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    store = SqliteStore(path)
    store.add(entries(0, 3))
    for found in tmp_path.iterdir():
        found.unlink()
    assert store.look_up([key(0)]) == {}
    store.add(entries(0, 2))
    store.close()
    store = SqliteStore(path)
    assert store.look_up([key(0), key(1), key(2)]) == dict(entries(0, 2))
    store.close()


def test_pruning_frees_the_space(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "memory.sqlite")
    store.add([(key(number), bytes(5000)) for number in range(400)])
    with closing(sqlite3.connect(tmp_path / "memory.sqlite")) as connection, connection:
        connection.execute("UPDATE entries SET written_at = 1000 WHERE key <> ?", (key(7),))
    before = store.statistics().size_bytes
    assert store.prune(datetime.fromtimestamp(2000, timezone.utc)) == 399
    assert store.statistics().size_bytes < before / 10
    assert store.look_up([key(7), key(8)]) == {key(7): bytes(5000)}
    store.close()


def test_a_missing_directory_is_reported(tmp_path: Path) -> None:
    with pytest.raises(MemoryUnavailable, match="nowhere"):
        SqliteStore(tmp_path / "nowhere" / "memory.sqlite")
    with pytest.raises(MemoryUnavailable):
        SqliteStore(tmp_path)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from tests.transforms.memory.stores import entries, key, moved_aside
from transforms.memory.sqlite_store import SqliteStore
from transforms.memory.store import MemoryUnavailable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = SqliteStore(Path(sys.argv[1]))
store.add(entries(0, 10))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
for step in range(100):
    try:
        store.add([(key(100 * step + number), bytes(1000)) for number in range(100)])
    except MemoryUnavailable as error:
        print("error:", error)
        break
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.add(entries(20, 30))
print(len(store.look_up([key(number) for number in range(30)])))
"""


def test_a_full_disk_is_reported_and_the_store_recovers(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "memory.sqlite")]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "error: the translation memory" in printed
    assert int(printed.split()[-1]) >= 20
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


@pytest.mark.parametrize(("mode", "number"), [("normal", 1), ("full", 2)])
def test_the_synchronous_mode_is_configurable(mode: Literal["normal", "full"], number: int, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "memory.sqlite", synchronous=mode)
    assert store._connection().execute("PRAGMA synchronous").fetchone() == (number,)
    store.close()
