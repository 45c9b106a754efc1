"""The write step: units become parts as soon as they are complete, in real pipelines and by itself."""

from __future__ import annotations

import pickle
import random
from dataclasses import replace
from pathlib import Path

import apache_beam as beam
import pyarrow.parquet as pq
import pytest
from apache_beam.metrics.metric import MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

from tests.transforms.sink.part_batches import RECIPE, SCHEMA, batches_of
from transforms.errors import RunFailed
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.parts import PartResult, TranslatedBatch
from transforms.write import WriteConfig, WriteParts


@pytest.fixture
def config(tmp_path: Path) -> WriteConfig:
    output = OutputDirectory(str(tmp_path / "out"))
    output.prepare()
    return WriteConfig(output.url, RECIPE, {"/data/reports.parquet": SCHEMA})


def step(config: WriteConfig) -> WriteParts:
    made = pickle.loads(pickle.dumps(WriteParts(config)))  # noqa: S301 - as a runner does
    assert isinstance(made, WriteParts)
    made.setup()
    made.start_bundle()
    return made


def names(config: WriteConfig) -> list[str]:
    root = Path(config.output)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def units_of(count: int, rows: int = 100) -> list[list[TranslatedBatch]]:
    """The batches of each unit, in any order."""
    units = [batches_of(rows, 16, number) for number in range(count)]
    for batches in units:
        random.Random(7).shuffle(batches)
    return units


@pytest.mark.parametrize(
    "options",
    [[], ["--direct_runner_bundle_repeat=1"], ["--direct_num_workers=2", "--direct_running_mode=multi_threading"]],
)
def test_each_unit_becomes_its_part_once(config: WriteConfig, options: list[str]) -> None:
    pipeline = beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner", *options]))
    parts = pipeline | beam.Create(units_of(5)) | beam.FlatMap(list) | beam.ParDo(WriteParts(config))
    told = parts | beam.Map(lambda result: (result.rows, result.statistics.statuses["ok"]))
    assert_that(told, equal_to([(100, 100)] * 5))
    result = pipeline.run()
    result.wait_until_finish()
    found = result.metrics().query(MetricsFilter().with_namespace("write"))["counters"]
    assert {counter.key.metric.name: counter.committed for counter in found} == {"parts": 5, "rows": 500}
    assert len(names(config)) == 5
    for number, name in enumerate(names(config)):
        table = pq.read_table(Path(config.output, name))
        assert name.endswith(f"-{number:05}.parquet")
        assert table.column("id").to_pylist() == list(range(100))


def test_a_part_is_there_as_soon_as_its_last_batch_is(config: WriteConfig) -> None:
    writing = step(config)
    first, second = batches_of(100, 40, 0), batches_of(100, 40, 1)
    order = [second[0], first[2], first[0], second[1], first[1], second[2]]
    emitted = [[result.name for result in writing.process(batch)] for batch in order]
    parts = [batch[0].unit.part_name for batch in (first, second)]
    assert emitted == [[], [], [], [], [parts[0]], [parts[1]]]
    writing.finish_bundle()
    writing.teardown()
    assert names(config) == sorted(parts)


def test_results_travel_between_processes(config: WriteConfig) -> None:
    writing = step(config)
    (result,) = [result for batch in batches_of(100) for result in writing.process(batch)]
    assert isinstance(result, PartResult)
    assert pickle.loads(pickle.dumps(result)) == result  # noqa: S301


def test_a_unit_that_is_incomplete_at_the_end_fails_the_bundle(
    config: WriteConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transforms.sink.parts.ROW_GROUP_ROWS", 20)
    writing = step(config)
    batches = batches_of(100, 20)
    for batch in batches[:-1]:
        assert not list(writing.process(batch))
    assert len(names(config)) == 1
    with pytest.raises(RunFailed, match=f"rows are missing from {batches[0].unit.part_name}"):
        writing.finish_bundle()
    assert names(config) == []


@pytest.mark.parametrize("ending", ["teardown", "start_bundle"])
def test_what_a_failed_bundle_left_is_dropped(
    config: WriteConfig, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transforms.sink.parts.ROW_GROUP_ROWS", 20)
    writing = step(config)
    batches = batches_of(100, 20)
    assert not list(writing.process(batches[0]))
    assert len(names(config)) == 1
    getattr(writing, ending)()
    assert names(config) == []
    if ending == "start_bundle":
        (result,) = [result for batch in batches for result in writing.process(batch)]
        assert names(config) == [result.name]


def test_a_step_that_never_began_can_be_torn_down(config: WriteConfig) -> None:
    WriteParts(config).teardown()
    assert names(config) == []


def test_the_runner_drops_what_is_half_written_when_it_fails(config: WriteConfig) -> None:
    batches = batches_of(100, 20)
    wrong = replace(batches[-1], unit=replace(batches[-1].unit, rows=99))
    pipeline = beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"]))
    (
        pipeline
        | beam.Create([[replace(batch, unit=wrong.unit) for batch in batches]])
        | beam.FlatMap(list)
        | beam.ParDo(WriteParts(config))
    )
    with pytest.raises(Exception, match=f"99 rows were planned for {wrong.unit.part_name}, 100 came"):
        pipeline.run().wait_until_finish()
    assert names(config) == []
