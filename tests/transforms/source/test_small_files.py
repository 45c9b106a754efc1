"""Small files on other machines take one request each time they are read."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import pytest

from tests.transforms.source.numbered_rows import batches_of, ids, planned, write
from transforms.errors import RunFailed
from transforms.source.plan import plan_inputs
from transforms.source.plan_cache import PlanCache
from transforms.source.small_files import SMALL_FILE_BYTES, digest_of, fetch, is_small
from transforms.source.work_units import SourceFile

FOLDER = "memory:///small"


@pytest.fixture
def store() -> Iterator[Any]:
    fs = fsspec.filesystem("memory")
    fs.mkdir("/small")
    yield fs
    fs.rm("/small", recursive=True)


@pytest.fixture
def requests(store: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the file system for single files."""
    asked: list[str] = []

    def noted(name: str) -> None:
        method = getattr(type(store), name)

        def call(self: Any, *more: Any, **named: Any) -> Any:
            asked.append(name)
            return method(self, *more, **named)

        monkeypatch.setattr(type(store), name, call)

    for name in ("cat_file", "info", "open"):
        noted(name)
    return asked


def source(content: bytes = b"", size_bytes: int | None = None) -> SourceFile:
    size = len(content) if size_bytes is None else size_bytes
    return SourceFile(f"{FOLDER}/a.jsonl", "jsonl", None, size, "etag=1")


def test_a_small_file_is_on_another_machine_and_has_a_known_size() -> None:
    assert is_small(source(size_bytes=SMALL_FILE_BYTES))
    assert not is_small(source(size_bytes=SMALL_FILE_BYTES + 1))
    assert not is_small(source(size_bytes=0))
    assert not is_small(replace(source(b"x"), url="/data/a.jsonl"))


@pytest.mark.parametrize("now", [b"abd", b"abcd", b"ab"])
def test_a_file_that_changed_or_grew_is_refused(store: Any, now: bytes) -> None:
    planned_file = replace(source(b"abc"), content_digest=digest_of(b"abc"))
    store.pipe_file("/small/a.jsonl", b"abc")
    assert fetch(planned_file) == b"abc"
    store.pipe_file("/small/a.jsonl", now)
    with pytest.raises(RunFailed, match=r"a\.jsonl was changed during the run: rerun"):
        fetch(planned_file)


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.parquet"])
def test_planning_and_reading_take_one_request_each(store: Any, requests: list[str], name: str, tmp_path: Path) -> None:
    plain = tmp_path / name.removesuffix(".gz")
    write(str(plain), 8)
    content = plain.read_bytes()
    if name.endswith(".gz"):
        content = gzip.compress(content)
    store.pipe_file(f"/small/{name}", content)
    cache = PlanCache()
    sources = [each.source for each in planned(FOLDER).units]
    requests.clear()
    first = plan_inputs([replace(each, content_digest=None) for each in sources], 10, cache=cache)
    tried = ["cat_file"] if name == "a.parquet" else []  # once for each schema, not for each file
    assert requests == ["cat_file", *tried]
    again = plan_inputs(
        [replace(each, content_digest=None) for each in sources], 10, cache=PlanCache.from_bytes(cache.to_bytes())
    )
    assert requests == ["cat_file", *tried]
    assert again == first
    requests.clear()
    assert ids(batches_of(again)) == list(range(8))
    assert requests == ["cat_file"]
