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
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import MIN_TIMESTAMP
from apache_beam.utils.windowed_value import WindowedValue

from tests.transforms.sink.part_batches import RECIPE, SCHEMA, batches_of
from transforms.errors import RunFailed
from transforms.sink import fence
from transforms.sink.fence import close_fences
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.output_lock import OutputLock
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


def test_parts_are_published_as_they_become_complete(config: WriteConfig) -> None:
    writing = step(config)
    first, second = batches_of(100, 40, 0), batches_of(100, 40, 1)
    order = [second[0], first[2], first[0], second[1], first[1], second[2]]
    emitted = [result.value.name for batch in order for result in process(writing, batch)]
    emitted += [result.value.name for result in writing.finish_bundle()]
    parts = [batch[0].unit.part_name for batch in (first, second)]
    assert sorted(emitted) == sorted(parts)
    writing.teardown()
    assert names(config) == sorted(parts)


def process(writing: WriteParts, batch: TranslatedBatch) -> list[WindowedValue]:
    """What the step emits for a batch in the global window."""
    return list(writing.process(batch, MIN_TIMESTAMP, GlobalWindow()))


def results_of(writing: WriteParts, batches: list[TranslatedBatch]) -> list[PartResult]:
    """The results of a bundle with these batches."""
    emitted = [result for batch in batches for result in process(writing, batch)]
    return [result.value for result in (*emitted, *writing.finish_bundle())]


def test_only_some_parts_wait_to_be_published(config: WriteConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.write.WAITING_PARTS", 2)
    writing = step(config)
    emitted = [len(process(writing, batch)) for number in range(9) for batch in batches_of(3, number=number)]
    assert sum(emitted) >= 7
    assert sum(emitted) + len([*writing.finish_bundle()]) == 9


def test_a_part_that_cannot_be_published_fails_the_bundle(config: WriteConfig) -> None:
    writing = step(config)
    (batch,) = batches_of(3)
    Path(config.output, batch.unit.part_name).mkdir()
    with pytest.raises(RunFailed, match="cannot write"):
        results_of(writing, [batch])
    assert names(config) == []


def test_a_run_that_has_lost_the_lock_publishes_nothing(config: WriteConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fence, "FRESH_SECONDS", 0.0)
    output = OutputDirectory(config.output)
    locked = replace(config, run_id="mine")
    try:
        with OutputLock(output, "mine"):
            writing = step(locked)
            (result,) = results_of(writing, batches_of(3))
            assert output.existing_parts()[result.name].run_id == "mine"  # type: ignore[union-attr]
        with pytest.raises(RunFailed, match="the launcher of the run has stopped; rerun the same command"):
            results_of(step(locked), batches_of(3, number=1))
    finally:
        close_fences()
    assert list(output.existing_parts()) == [result.name]


def test_results_travel_between_processes(config: WriteConfig) -> None:
    (result,) = results_of(step(config), batches_of(100))
    assert isinstance(result, PartResult)
    assert pickle.loads(pickle.dumps(result)) == result  # noqa: S301


def test_a_unit_that_is_incomplete_at_the_end_fails_the_bundle(
    config: WriteConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transforms.sink.parts.ROW_GROUP_ROWS", 20)
    writing = step(config)
    batches = batches_of(100, 20)
    for batch in batches[:-1]:
        assert not list(process(writing, batch))
    assert len(names(config)) == 1
    with pytest.raises(RunFailed, match=f"rows are missing from {batches[0].unit.part_name}"):
        list(writing.finish_bundle())
    assert names(config) == []


@pytest.mark.parametrize("ending", ["teardown", "start_bundle"])
def test_what_a_failed_bundle_left_is_dropped(
    config: WriteConfig, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transforms.sink.parts.ROW_GROUP_ROWS", 20)
    writing = step(config)
    batches = batches_of(100, 20)
    assert not list(process(writing, batches[0]))
    assert len(names(config)) == 1
    getattr(writing, ending)()
    assert names(config) == []
    if ending == "start_bundle":
        (result,) = results_of(writing, batches)
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
    with pytest.raises(Exception, match=f"99 rows were planned for {wrong.unit.part_name}, but 100 were read"):
        pipeline.run().wait_until_finish()
    assert names(config) == []
