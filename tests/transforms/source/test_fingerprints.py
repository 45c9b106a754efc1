"""What tells versions of a file apart."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest

from transforms.errors import RunFailed
from transforms.source.discovery import list_sources
from transforms.source.fingerprints import check_unchanged, version


def make(folder: Path, name: str) -> None:
    (folder / name).write_text("{}\n")


def test_the_fingerprint_changes_with_the_content(tmp_path: Path) -> None:
    make(tmp_path, "a.jsonl")
    path = tmp_path / "a.jsonl"
    before = list_sources([str(path)])[0]
    check_unchanged(before)
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert list_sources([str(path)])[0].fingerprint != before.fingerprint
    with pytest.raises(RunFailed, match="changed during the run"):
        check_unchanged(before)
    path.unlink()
    with pytest.raises(RunFailed, match="removed during the run"):
        check_unchanged(before)


@pytest.mark.parametrize(
    ("info", "found"),
    [
        ({"name": "a", "size": 1}, None),
        ({"ETag": "1", "LastModified": "2"}, "etag=1"),
        ({"last_modified": datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)}, "lastmodified=1704067200.0"),
        ({"mtime": 5.5, "created": 1}, "mtime=5.5"),
        ({"ETag": None, "updated": "x"}, "updated=x"),
    ],
)
def test_the_best_version_that_a_file_system_has_is_used(info: dict[str, object], found: str | None) -> None:
    assert version(info) == found
