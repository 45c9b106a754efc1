"""Clean-up at the end of a run: what nobody needs goes, all else stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.clean_up import clean_up, remove_parts
from pipeline.resume import Resumption
from tests.transforms.sink.part_batches import RECIPE, SCHEMA, input_rows, translated
from transforms.sink.dead_letters import DeadLetter
from transforms.sink.footers import PartFooter
from transforms.sink.moved_inputs import NOTHING_MOVED, MovedParts
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.part_index import sound_parts
from transforms.sink.parts import PartWriter
from transforms.sink.published import take_published
from transforms.source.work_units import SourceFile, WorkUnit

LETTER = DeadLetter(1, "body", "untranslated", "untranslated: …")


def unit_of(name: str) -> WorkUnit:
    return WorkUnit(SourceFile(f"/data/{name}.parquet", "parquet", None, 1000, "same"), 0, 0, 5, 5)


A, B, C = map(unit_of, "abc")


def write(output: OutputDirectory, unit: WorkUnit, run_id: str, letter: bool = False) -> None:
    writer = PartWriter(output, unit, RECIPE, SCHEMA, run_id)
    for batch in translated(unit, [input_rows(0, 5)], {0: [LETTER]} if letter else {}):
        writer.add(batch)
    writer.commit()


def resumption(
    before: Mapping[str, PartFooter | None], *left: WorkUnit, obsolete: tuple[WorkUnit, ...] = ()
) -> Resumption:
    names = tuple(unit.part_name for unit in obsolete)
    planned = tuple(unit.part_name for unit in (A, B))
    return Resumption(tuple((unit,) for unit in left), planned, names, (), NOTHING_MOVED, frozenset(), before)


def names(output: OutputDirectory) -> set[str]:
    """The parts that are there, by the stem of their source, and ``letters`` of them."""
    parts = {name.split("-")[1] for name in output.list_parts()}
    letters = [name for name in output.names_in("_dead_letter") if name.startswith("part-")]
    return parts | {f"letters {name.split('-')[1]}" for name in letters}


@pytest.mark.parametrize("known", [True, False], ids=["workers in this process", "workers elsewhere"])
def test_obsolete_parts_and_stale_letters_go(output: OutputDirectory, known: bool) -> None:
    write(output, A, "before", letter=True)
    write(output, B, "before", letter=True)
    write(output, C, "before", letter=True)
    output.write_bytes("_dead_letter/notes.txt", b"the user's")
    found = resumption(sound_parts(output), B, obsolete=(C,))
    write(output, B, "now")
    if not known:
        take_published("now")
    footers = clean_up(output, found, "now", stopped=False)
    assert names(output) == {"a", "b", "letters a"}
    assert Path(output.url, "_dead_letter", "notes.txt").exists()
    assert {name: footer and footer.run_id for name, footer in footers.items()} == {
        A.part_name: "before",
        B.part_name: "now",
    }
    assert sound_parts(output) == footers


def test_a_stopped_run_removes_no_obsolete_part(output: OutputDirectory) -> None:
    write(output, C, "before")
    clean_up(output, resumption(sound_parts(output), A, obsolete=(C,)), "now", stopped=True)
    assert names(output) == {"c"}


def test_a_part_that_was_overwritten_is_not_obsolete_any_more(output: OutputDirectory) -> None:
    write(output, A, "before")
    found = resumption(sound_parts(output), A, obsolete=(A,))
    write(output, A, "now")
    assert list(clean_up(output, found, "now", stopped=False)) == [A.part_name]
    assert names(output) == {"a"}


def test_the_part_of_a_moved_input_goes_also_if_the_run_is_stopped(
    output: OutputDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    write(output, C, "before")
    found = replace(resumption(sound_parts(output), A), moved=MovedParts({C.part_name: A.part_name}, ()))
    write(output, A, "now")
    with caplog.at_level("INFO"):
        clean_up(output, found, "now", stopped=True)
    assert names(output) == {"a"}
    assert "removed 1 parts of inputs that were moved" in caplog.text


def test_a_damaged_part_that_was_not_written_again_is_not_in_the_index(output: OutputDirectory) -> None:
    write(output, A, "before")
    before = {A.part_name: None}
    clean_up(output, resumption(before, A), "now", stopped=True)
    path = Path(output.path_of(A.part_name))
    content = bytearray(path.read_bytes())
    content[100:140] = bytes(40)
    path.write_bytes(content)
    assert sound_parts(output) == {A.part_name: None}


def test_parts_are_removed_with_their_letters_and_missing_ones_are_no_error(output: OutputDirectory) -> None:
    write(output, A, "before", letter=True)
    write(output, B, "before", letter=True)
    remove_parts(output, [A.part_name, C.part_name])
    assert names(output) == {"b", "letters b"}
    remove_parts(output, [])
