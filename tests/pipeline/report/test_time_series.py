from __future__ import annotations

import itertools
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.time_series import (
    MAX_SAMPLES,
    RECORD_KEY,
    HostSample,
    Sample,
    TimeSeries,
    from_parquet,
    to_parquet,
)
from tests.pipeline.report.outputs import GPU0, dying_host, host_sample, record, sample
from transforms.engine.snapshot import TextCounts, snapshot_of
from transforms.fleet.host.host_state import HostView
from transforms.fleet.host.traffic import Traffic

COUNTS = st.integers(0, 2**62)
BY_NAME = st.dictionaries(st.text(max_size=8), COUNTS, max_size=3)
HOSTS = st.builds(
    HostSample,
    st.text(max_size=8),
    st.sampled_from(["healthy", "circuit open"]),
    st.integers(0, 99),
    st.integers(0, 99),
    *[COUNTS] * 7,
    st.none() | st.floats(0, 1e6),
    st.none() | st.floats(0, 1e6),
    BY_NAME,
)
SAMPLES = st.builds(Sample, st.floats(0, 1e6), COUNTS, COUNTS, BY_NAME, BY_NAME, st.lists(HOSTS, max_size=2).map(tuple))


@given(st.lists(SAMPLES, max_size=4))
def test_parquet_returns_what_was_recorded(samples: list[Sample]) -> None:
    assert from_parquet(to_parquet(record({"rows": 7}), samples)) == (record({"rows": 7}), samples)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"x" * 100])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not the time series of a run"):
        from_parquet(content)


def test_the_number_of_samples_is_bounded_and_the_whole_run_is_covered() -> None:
    series = TimeSeries()
    seconds = 0.0
    while seconds < 100_000:
        series.add(sample(seconds))
        seconds += series.interval_seconds
    times = [each.seconds for each in series.samples]
    assert MAX_SAMPLES / 2 <= len(times) <= MAX_SAMPLES
    assert (times[0], times[-1] > 99_000) == (0.0, True)
    gaps = {after - before for before, after in itertools.pairwise(times)}
    assert max(gaps) <= 2 * series.interval_seconds


def test_a_long_run_on_many_hosts_stays_small() -> None:
    hosts = [host_sample(f"http://gpu{number}:11434", answers=number * 977) for number in range(20)]
    content = to_parquet(record(), [sample(float(second), *hosts) for second in range(MAX_SAMPLES)])
    assert len(content) < 1_000_000


def test_a_sample_has_the_state_without_its_reason() -> None:
    traffic = Traffic(answers=3, output_tokens=50)
    traffic.recent_seconds.extend([0.1, 0.2, 0.3])
    view = HostView(GPU0, "circuit open: 500 La vanne", 1, 4, traffic=traffic)

    class Engine:
        counts = TextCounts(texts=2, characters=9)

        def hosts(self) -> list[HostView]:
            return [view]

    taken = Sample.of(1.5, snapshot_of([Engine()]))
    assert (taken.seconds, taken.texts, taken.characters) == (1.5, 2, 9)
    (host,) = taken.hosts
    assert (host.state, host.answers, host.output_tokens) == ("circuit open", 3, 50)
    assert (host.latency_p50_seconds, host.latency_p95_seconds) == (0.2, 0.3)


def test_people_can_query_it(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    path.write_bytes(to_parquet(record(), dying_host()))
    query = f"select host, max(answers) from '{path}' where host is not null group by host order by host"  # noqa: S608
    found = duckdb.sql(query)
    assert found is not None
    assert found.fetchall() == [("http://gpu0:11434", 600), ("http://gpu1:11434", 100)]


def test_a_record_with_fields_of_a_newer_version_is_refused() -> None:
    table = pq.read_table(pa.BufferReader(to_parquet(record(), [])))
    newer = table.replace_schema_metadata({RECORD_KEY: b'{"started": "2030-01-01", "unheard_of": 1}'})
    sink = pa.BufferOutputStream()
    pq.write_table(newer, sink)
    with pytest.raises(ValueError, match="not the time series"):
        from_parquet(bytes(sink.getvalue()))
