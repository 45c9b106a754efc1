from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from transforms.sink.statistics import ORIGINS, STATUSES, HostStatistics, RepairStatistics, Statistics


def counters(*names: str) -> st.SearchStrategy[Counter[str]]:
    return st.dictionaries(st.sampled_from(names), st.integers(1, 1000)).map(Counter)


numbers = st.integers(0, 10**9)
hosts = st.builds(
    HostStatistics,
    rows=numbers,
    requests=numbers,
    prompt_tokens=numbers,
    output_tokens=numbers,
    busy_seconds=st.integers(0, 10**6).map(float),
    faults=counters("busy", "timeout"),
)
repairs = st.builds(RepairStatistics, numbers, st.integers(0, 10**6).map(float), numbers, numbers)
statistics = st.builds(
    Statistics,
    rows=numbers,
    statuses=counters(*STATUSES),
    origins=counters(*ORIGINS),
    flags=counters("chunked", "src_short"),
    requests=numbers,
    repeated_requests=numbers,
    failures=counters("busy", "timeout"),
    failed_rows=counters("bad_line"),
    repair_kinds=st.dictionaries(st.sampled_from(["untranslated", "number_missing"]), repairs),
    hosts=st.dictionaries(st.sampled_from(["http://gpu0:11434", "http://gpu1:11434"]), hosts),
)


def total(*parts: Statistics) -> dict[str, Any]:
    together = Statistics()
    for part in parts:
        together.add(part)
    return together.to_json()


@given(statistics)
def test_json_preserves_statistics(one: Statistics) -> None:
    back = Statistics.from_json(json.loads(json.dumps(one.to_json())))
    assert back == one
    assert isinstance(back.statuses, Counter)
    assert all(isinstance(host.faults, Counter) for host in back.hosts.values())


@given(statistics, statistics, statistics)
def test_sums_do_not_depend_on_the_order(one: Statistics, two: Statistics, three: Statistics) -> None:
    pair = Statistics()
    pair.add(two)
    pair.add(three)
    assert total(one, two, three) == total(three, two, one) == total(one, pair)
    assert total(one, two)["rows"] == one.rows + two.rows


def test_statistics_of_a_version_without_kinds_of_repairs_are_read() -> None:
    values = Statistics(rows=1, statuses=Counter(ok=1)).to_json()
    del values["repair_kinds"]
    assert Statistics.from_json(values).repair_kinds == {}


def test_negative_counts_of_repairs_are_not_consistent() -> None:
    made = Statistics(rows=1, statuses=Counter(ok=1), repair_kinds={"untranslated": RepairStatistics(3, 1.5, 1, 2)})
    assert made.is_consistent()
    made.repair_kinds["untranslated"].left_out = -1
    assert not made.is_consistent()
