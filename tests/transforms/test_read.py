from __future__ import annotations

from pathlib import Path

import apache_beam as beam
import fsspec
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

from tests.transforms.source.numbered_rows import ids, planned, write
from transforms.errors import RunFailed
from transforms.read import ReadUnits
from transforms.source.read_tasks import read_tasks


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


def test_small_files_are_read_together_and_those_elsewhere_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs = fsspec.filesystem("memory")
    for number in range(7):
        write(f"memory:///ahead/{number}.parquet", 5)
        write(str(tmp_path / f"local{number}.parquet"), 5)
    monkeypatch.setattr("transforms.source.read_tasks.FILES_IN_TASK", 3)
    monkeypatch.setattr("transforms.source.read_tasks.FEWEST_TASKS", 2)
    found = planned("memory:///ahead", str(tmp_path))
    tasks = read_tasks(found.groups)
    assert [len(task.groups) for task in tasks] == [3, 3, 1, 3, 3, 1]
    assert [group for task in tasks for group in task.groups] == list(found.groups)
    step = ReadUnits(found.schemas, 4)
    for task in (tasks[0], tasks[3]):
        read = [(batch.unit.source.url, ids([batch])) for batch in step.process(task)]
        assert read == [(group[0].source.url, rows) for group in task.groups for rows in ([0, 1, 2, 3], [4])]
    monkeypatch.setattr("transforms.source.read_tasks.TASK_BYTES", 1)
    assert {len(task.groups) for task in read_tasks(found.groups)} == {1}
    elsewhere = next(task for task in tasks if "://" in task.groups[0][0].source.url)
    gone = elsewhere.groups[1][0].source.url
    fs.rm(gone)
    with pytest.raises(RunFailed, match=gone):
        list(step.process(elsewhere))
    fs.rm("/ahead", recursive=True)
