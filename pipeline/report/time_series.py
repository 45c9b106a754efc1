"""The time series of a run: samples of the live figures, bounded in number, and their Parquet form.

A row is one host at one moment; a row without a host holds the totals of that moment. Counts are cumulative.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.engine.snapshot import Snapshot
from transforms.fleet.host.host_state import HostView
from transforms.fleet.host.traffic import Traffic

MAX_SAMPLES = 600
"""Above it, every second sample is dropped and the interval doubles: a file stays below about 1 MB."""

INTERVAL_SECONDS = 1.0
RECORD_KEY = b"translate.run_record"

_COUNTS = ("answers", "prompt_tokens", "output_tokens", "load_ns", "prompt_eval_ns", "eval_ns", "queue_ns")
_BY_NAME = pa.map_(pa.string(), pa.int64())
SCHEMA = pa.schema(
    [
        ("seconds", pa.float64()),
        ("host", pa.string()),
        ("state", pa.string()),
        ("in_flight", pa.int32()),
        ("limit", pa.int32()),
        *((name, pa.int64()) for name in _COUNTS),
        ("latency_p50_seconds", pa.float64()),
        ("latency_p95_seconds", pa.float64()),
        ("failures", _BY_NAME),
        ("texts", pa.int64()),
        ("characters", pa.int64()),
        ("statuses", _BY_NAME),
        ("origins", _BY_NAME),
    ]
)


@dataclass(frozen=True)
class HostSample:
    """One host at one moment; see ``Traffic`` for the counts.

    Attributes:
        state: The host's state without its reason, which may quote the host: healthy, loading, circuit open or
            excluded; remote if only the workers of a remote runner know it.
    """

    host: str
    state: str
    in_flight: int
    limit: int
    answers: int
    prompt_tokens: int
    output_tokens: int
    load_ns: int
    prompt_eval_ns: int
    eval_ns: int
    queue_ns: int
    latency_p50_seconds: float | None
    latency_p95_seconds: float | None
    failures: Mapping[str, int]

    @classmethod
    def of(cls, view: HostView) -> HostSample:
        """The sample of a live host."""
        traffic: Traffic = view.traffic
        return cls(
            host=view.url,
            state=view.state.partition(":")[0],
            in_flight=view.in_flight,
            limit=view.limit,
            **{name: getattr(traffic, name) for name in _COUNTS},
            latency_p50_seconds=traffic.percentile(0.5),
            latency_p95_seconds=traffic.percentile(0.95),
            failures=dict(traffic.failures),
        )


@dataclass(frozen=True)
class Sample:
    """All hosts and the totals at one moment, ``seconds`` after the start of the run."""

    seconds: float
    texts: int
    characters: int
    statuses: Mapping[str, int]
    origins: Mapping[str, int]
    hosts: tuple[HostSample, ...]

    @classmethod
    def of(cls, seconds: float, snapshot: Snapshot) -> Sample:
        """The sample of live figures."""
        return cls(
            seconds,
            snapshot.texts,
            snapshot.characters,
            dict(snapshot.statuses),
            dict(snapshot.origins),
            tuple(map(HostSample.of, snapshot.hosts)),
        )


class TimeSeries:
    """Samples in order of time, at most ``MAX_SAMPLES``.

    Attributes:
        interval_seconds: Time between two samples, which grows with the duration of the run.
    """

    def __init__(self) -> None:
        self.interval_seconds = INTERVAL_SECONDS
        self.samples: list[Sample] = []

    def add(self, sample: Sample) -> None:
        """Append a sample; halve the resolution if there are too many."""
        self.samples.append(sample)
        if len(self.samples) > MAX_SAMPLES:
            self.samples = self.samples[::2]
            self.interval_seconds *= 2


@dataclass(frozen=True)
class RunRecord:
    """What is known of a run beside its time series.

    Attributes:
        started: Start in UTC, ISO 8601.
        version: Version of the program.
        model: Name of the model.
        rows_in: Rows of the input.
        rows, texts: Rows and texts that were left to do at the start.
        summary: Content of ``_summary.json`` at the end of the run; None for a run that was killed or still runs.
    """

    started: str
    version: str
    model: str
    rows_in: int
    rows: int
    texts: int
    summary: Mapping[str, Any] | None = None


def to_parquet(record: RunRecord, samples: Sequence[Sample]) -> bytes:
    """Encode a run."""
    rows: list[dict[str, Any]] = []
    for sample in samples:
        totals = {name: value for name, value in vars(sample).items() if name != "hosts"}
        rows.append({**totals, "statuses": list(sample.statuses.items()), "origins": list(sample.origins.items())})
        for host in sample.hosts:
            rows.append({**vars(host), "seconds": sample.seconds, "failures": list(host.failures.items())})  # noqa: PERF401
    metadata = {RECORD_KEY: json.dumps(asdict(record), ensure_ascii=False).encode("utf-8", "backslashreplace")}
    table = pa.Table.from_pylist(rows, schema=SCHEMA.with_metadata(metadata))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def from_parquet(content: bytes) -> tuple[RunRecord, list[Sample]]:
    """Decode a run.

    Raises:
        ValueError: The content is not a run of this or a compatible version.
    """
    try:
        table = pq.read_table(pa.BufferReader(content))
        record = RunRecord(**json.loads((table.schema.metadata or {})[RECORD_KEY]))
        rows = table.to_pylist()
        samples: list[Sample] = []
        for row in rows:
            if row["host"] is None:
                named = {name: dict(row[name] or ()) for name in ("statuses", "origins")}
                samples.append(Sample(row["seconds"], row["texts"], row["characters"], **named, hosts=()))
                continue
            fields = {name: row[name] for name in HostSample.__dataclass_fields__ if name != "failures"}
            last = samples[-1]
            hosts = (*last.hosts, HostSample(**fields, failures=dict(row["failures"] or ())))
            samples[-1] = Sample(last.seconds, last.texts, last.characters, last.statuses, last.origins, hosts)
    except (pa.ArrowException, KeyError, TypeError, IndexError, ValueError) as error:
        raise ValueError(f"not the time series of a run: {type(error).__name__}") from error
    return record, samples
