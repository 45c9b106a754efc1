"""Parts that are not finished: nothing half written stays behind, whatever fails."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.registry import _registry

from tests.transforms.sink.file_limit import files_up_to
from tests.transforms.sink.part_batches import (
    RECIPE,
    SCHEMA,
    FaultyFileSystem,
    batches_of,
    files,
    input_rows,
    letter,
    translated,
    unit_of,
    write_part,
    written,
)
from transforms.errors import RunFailed
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.parts import PartWriter

ROOT = Path(__file__).parents[3]


def test_a_run_that_has_lost_the_lock_publishes_nothing(output: OutputDirectory) -> None:
    def lost() -> None:
        raise RunFailed("another run has taken over the output")

    batches = translated(unit_of(20), [input_rows(0, 20)], {0: [letter(7)]})
    writer = written(PartWriter(output, batches[0].unit, RECIPE, SCHEMA, check_lock=lost), batches)
    with pytest.raises(RunFailed, match="another run has taken over"):
        writer.commit()
    assert files(output) == []


def test_a_part_is_not_published_without_its_dead_letters(output: OutputDirectory) -> None:
    Path(output.url, "_dead_letter").write_text("a file in the way")
    batches = translated(unit_of(20), [input_rows(0, 20)], {0: [letter(7)]})
    with pytest.raises(RunFailed, match=r"cannot write .*_dead_letter/part-"):
        write_part(output, batches)
    assert files(output) == ["_dead_letter"]


def test_discarding_leaves_nothing_also_while_a_file_is_open(
    output: OutputDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transforms.sink.parts.ROW_GROUP_ROWS", 40)
    batches = translated(unit_of(100), [input_rows(start, 20) for start in range(0, 100, 20)], {0: [letter(7)]})
    writer = written(PartWriter(output, batches[0].unit, RECIPE, SCHEMA), batches[:3])
    assert len(files(output)) == 2
    writer.discard()
    assert files(output) == []
    writer.discard()


HALF_WRITTEN = """
import signal
from tests.transforms.sink.part_batches import RECIPE, SCHEMA, batches_of
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.parts import PartWriter

output = OutputDirectory({url!r})
output.prepare()
batches = batches_of(300, 10, characters=100)
import transforms.sink.parts
transforms.sink.parts.ROW_GROUP_ROWS = 100
writer = PartWriter(output, batches[0].unit, RECIPE, SCHEMA)
for batch in batches[:-1]:
    writer.add(batch)
print("half", flush=True)
signal.pause()
"""


@pytest.mark.parametrize("limit", [0, 4000, 9000])
def test_a_full_disk_leaves_no_part_and_nothing_half_written(
    output: OutputDirectory, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit strikes in the first row group, in a later one, or in the footer."""
    monkeypatch.setattr("transforms.sink.parts.ROW_GROUP_ROWS", 100)
    batches = batches_of(300, 10, characters=100)
    writer = PartWriter(output, batches[0].unit, RECIPE, SCHEMA)
    with files_up_to(limit):
        with pytest.raises(RunFailed, match=r"cannot write .*File too large"):
            written(writer, batches).commit()
        writer.discard()
        assert files(output) == []
        del writer
        gc.collect()  # an error while it is deleted would be a warning now, and so an error


def test_a_process_killed_while_writing_leaves_no_part_and_the_next_run_cleans_up(output: OutputDirectory) -> None:
    command = [sys.executable, "-c", HALF_WRITTEN.format(url=output.url)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        (left,) = files(output)
        assert Path(output.url, left).stat().st_size > 1000
        OutputDirectory(output.url).prepare()
        assert files(output) == [left], "the file of a living process was removed"
        os.kill(process.pid, signal.SIGKILL)
    assert files(output) == [left]
    assert left.startswith("_state/")
    assert output.existing_parts() == {}
    OutputDirectory(output.url).prepare()
    assert files(output) == []


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OutputDirectory]:
    monkeypatch.setitem(_registry, "faulty", FaultyFileSystem)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    output = OutputDirectory("faulty://out/english")
    output.prepare()
    yield output
    FaultyFileSystem.store.clear()
    FaultyFileSystem.pseudo_dirs[:] = [""]


def test_a_failed_upload_leaves_no_part_and_the_next_try_makes_it(
    faulty: OutputDirectory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    batches = translated(unit_of(20), [input_rows(0, 20)], {0: [letter(7)]})
    with monkeypatch.context() as fault:
        fault.setattr(FaultyFileSystem, "fail_put", OSError("connection lost"))
        with pytest.raises(RunFailed, match=r"cannot write faulty://out/english/.*: connection lost"):
            write_part(faulty, batches)
    assert faulty.existing_parts() == {}
    assert [path for path in FaultyFileSystem.store if "part" in path] == []
    assert not list(tmp_path.iterdir())
    result = write_part(faulty, batches)
    footer = faulty.existing_parts()[result.name]
    assert footer is not None
    assert footer.rows == 20
    assert not list(tmp_path.iterdir())
