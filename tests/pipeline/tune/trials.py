"""Made-up results of trials."""

from __future__ import annotations

from typing import Any

from pipeline.tune.layouts import Layout
from pipeline.tune.load import Throughput
from pipeline.tune.texts import Prompt, Sample
from pipeline.tune.trial import Trial
from transforms.fleet.http.listings import LoadedModel

MODEL_BYTES = 5_000_000_000


def throughput(rows: float, **changes: Any) -> Throughput:
    values: dict[str, Any] = {
        "rows_per_second": rows,
        "tokens_per_second": 50 * rows,
        "request_tokens_per_second": 40.0,
        "latency_seconds": 1.0,
        "slow_seconds": 2.0,
        "at_work": 4.0,
        "reading_share": 0.1,
        "answers": 100,
        "failures": {},
        "host_rows_per_second": {"http://127.0.0.1:1": rows},
    }
    return Throughput(**{**values, **changes})


def loaded(share: float = 1.0) -> LoadedModel:
    return LoadedModel("mistral:latest", MODEL_BYTES, int(share * MODEL_BYTES), 2048)


def trial(layout: Layout, rows: float, share: float = 1.0, **changes: Any) -> Trial:
    """A trial that worked; ``changes`` are fields of its throughput."""
    count = len(layout.servers)
    rates = {f"http://127.0.0.1:{number}": rows / count for number in range(1, count + 1)}
    figures = {"at_work": float(layout.slots), "host_rows_per_second": rates, **changes}
    return Trial(layout, throughput(rows, **figures), loaded=loaded(share))


def failed(layout: Layout, problem: str = "out of memory") -> Trial:
    return Trial(layout, problem=problem)


def sample() -> Sample:
    return Sample((Prompt({}, 100),), 1, 100.0, 2048, 1.0, "mistral", {"num_ctx": 2048}, "30m")
