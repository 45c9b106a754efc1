from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.transforms.sink.part_batches import RECIPE, SCHEMA, input_rows, translated, unit_of
from transforms.sink.dead_letters import DeadLetter
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.parts import PartWriter
from transforms.sink.permissions import permissions_of


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize(("mode", "part"), [(0o600, 0o600), (0o640, 0o640), (0o444, 0o644), (0o777, 0o666), (0, 0o600)])
def test_a_part_is_for_those_who_may_read_the_input(tmp_path: Path, mode: int, part: int) -> None:
    path = tmp_path / "reports.parquet"
    path.touch()
    path.chmod(mode)
    assert permissions_of(str(path)) == permissions_of(f"file://{path}") == part
    path.chmod(0o600)


def test_an_input_elsewhere_leaves_it_to_the_umask_and_a_removed_one_to_nobody(tmp_path: Path) -> None:
    assert permissions_of("s3://bucket/reports.parquet") == 0o666
    assert permissions_of(str(tmp_path / "removed.parquet")) == 0o600


@pytest.mark.parametrize(("mode", "published"), [(0o600, 0o600), (0o660, 0o640)])
def test_parts_and_dead_letters_get_the_inputs_permissions_within_the_umask(
    tmp_path: Path, mode: int, published: int
) -> None:
    source = tmp_path / "reports.parquet"
    source.touch()
    source.chmod(mode)
    output = OutputDirectory(str(tmp_path / "out"))
    output.prepare()
    unit = unit_of(3, url=str(source))
    letter = DeadLetter(1, "body", "untranslated", "untranslated: …", candidate="private")
    writer = PartWriter(output, unit, RECIPE, SCHEMA)
    for batch in translated(unit, [input_rows(0, 3)], {0: [letter]}):
        writer.add(batch)
    writer.commit()
    files = [*(tmp_path / "out").glob("part-*"), *(tmp_path / "out" / "_dead_letter").iterdir()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [published] * 2
