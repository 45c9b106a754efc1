"""The index of sound parts: damage is found, and what is known is not read again."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import fsspec
import pytest

from tests.transforms.sink.part_batches import batches_of, write_part
from transforms.sink import part_index
from transforms.sink.footers import PartFooter
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.part_index import INDEX_FILE, damage, sound_parts, write_index


@pytest.fixture
def output(output: OutputDirectory) -> OutputDirectory:
    for number in range(3):
        write_part(output, batches_of(200, number=number))
    return output


def footers(output: OutputDirectory) -> dict[str, PartFooter]:
    return {name: footer for name, footer in sound_parts(output).items() if footer is not None}


def damage_page(path: Path, keep_time: bool = False) -> None:
    """Change some bytes in the middle of a part, its size and footer stay."""
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(100)
        piece = file.read(40)
        file.seek(100)
        file.write(bytes(byte ^ 0xFF for byte in piece))
    if keep_time:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("keep_time", [False, True])
@pytest.mark.parametrize("indexed", [False, True])
def test_a_part_with_damaged_pages_is_not_sound(
    output: OutputDirectory, keep_time: bool, indexed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    if indexed:
        write_index(output, footers(output))
    path = sorted(Path(output.url).glob("part-*"))[1]
    damage_page(path, keep_time)
    assert output.existing_parts()[path.name] is not None, "its footer is whole"
    parts = sound_parts(output)
    assert [footer is not None for footer in parts.values()] == [True, False, True]
    assert f"{path} is damaged (" in caplog.text
    write_index(output, {name: footer for name, footer in parts.items() if footer is not None})
    assert sound_parts(output)[path.name] is None, "it must be found again"


def test_what_is_in_the_index_is_not_read_again(output: OutputDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    known = footers(output)
    write_index(output, known)
    read: list[str] = []
    monkeypatch.setattr(part_index, "damage", lambda path: read.append(path))
    monkeypatch.setattr(output, "_read_footer", lambda name, size: read.append(name))
    assert sound_parts(output) == known
    assert read == []


def test_an_output_elsewhere_is_listed_and_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = OutputDirectory("memory://index/english")
    output.prepare()
    write_part(output, batches_of(20))
    known = footers(output)
    assert len(known) == 1
    write_index(output, known)

    def refuse(*given: Any) -> None:
        raise AssertionError("it was read")

    with monkeypatch.context() as context:
        context.setattr(output, "_read_footer", refuse)
        assert sound_parts(output) == known
    write_part(output, batches_of(20))
    assert len(footers(output)) == 1
    fsspec.filesystem("memory").rm("/index", recursive=True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no gzip",
        gzip.compress(b"no JSON", mtime=0),
        gzip.compress(b"[]", mtime=0),
        gzip.compress(b'{"texts": [], "parts": {"part": ["s", {"translate.recipe": 5}]}}', mtime=0),
        gzip.compress(b'{"texts": ["x"], "parts": {"part": ["s", {"translate.recipe": 0}]}}', mtime=0),
        gzip.compress(b"x" * 1000)[:-9],
        gzip.compress(b"[" * 100_000),
    ],
    ids=("empty", "no gzip", "no JSON", "a list", "wrong index", "wrong text", "truncated", "too deep"),
)
def test_a_damaged_index_only_costs_time(output: OutputDirectory, content: bytes) -> None:
    known = footers(output)
    output.write_bytes(INDEX_FILE, content)
    assert footers(output) == known


def test_damage_is_described_on_one_line(output: OutputDirectory) -> None:
    path = next(Path(output.url).glob("part-*"))
    assert damage(str(path)) is None
    damage_page(path)
    found = damage(str(path))
    assert found
    assert "\n" not in found
