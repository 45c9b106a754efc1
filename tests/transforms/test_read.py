from __future__ import annotations

from pathlib import Path

import apache_beam as beam
import fsspec
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

from tests.transforms.source.numbered_rows import ids, planned, write
from transforms.errors import RunFailed
from transforms.read import ReadUnits, read_tasks


def test_the_step_reads_groups_after_a_reshuffle(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.parquet"):
        write(str(tmp_path / name), 45)
    found = planned(str(tmp_path))
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as pipeline:
        rows = (
            pipeline
            | beam.Create(read_tasks(found.groups))
            | beam.Reshuffle()
            | beam.ParDo(ReadUnits(found.schemas, 4))
            | beam.FlatMap(lambda batch: [(batch.unit.source.stem, number) for number in ids([batch])])
        )
        assert_that(rows, equal_to([(stem, number) for stem in "ab" for number in range(45)]))


def test_small_files_elsewhere_are_read_together_and_others_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs = fsspec.filesystem("memory")
    for number in range(7):
        write(f"memory:///ahead/{number}.parquet", 5)
    write(str(tmp_path / "local.parquet"), 5)
    monkeypatch.setattr("transforms.read.FILES_IN_TASK", 3)
    found = planned("memory:///ahead", str(tmp_path))
    tasks = read_tasks(found.groups)
    assert [len(task) for task in tasks] == [1, 3, 3, 1]
    assert [group for task in tasks for group in task] == list(found.groups)
    step = ReadUnits(found.schemas, 4)
    read = [(batch.unit.source.stem, ids([batch])) for batch in step.process(tasks[1])]
    assert read == [(str(number), rows) for number in range(3) for rows in ([0, 1, 2, 3], [4])]
    monkeypatch.setattr("transforms.read.TASK_BYTES", 1)
    assert {len(task) for task in read_tasks(found.groups)} == {1}
    fs.rm("/ahead/1.parquet")
    with pytest.raises(RunFailed, match=r"1\.parquet"):
        list(step.process(tasks[1]))
    fs.rm("/ahead", recursive=True)
