from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import given
from hypothesis import strategies as st

from transforms.sink.statistics import COUNTERS, ORIGINS, STATUSES, HostStatistics, RepairStatistics, Statistics

Counts = TypeVar("Counts", Statistics, HostStatistics)


def counters(*names: str) -> st.SearchStrategy[Counter[str]]:
    return st.dictionaries(st.sampled_from(names), st.integers(1, 1000)).map(Counter)


OTHER_COUNTERS = set(COUNTERS) - {"statuses", "origins", "flags", "failures", "failed_rows", "repairs"}

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
    **dict.fromkeys(OTHER_COUNTERS, counters("mistral", "modèle ü")),
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
    made.repair_kinds["untranslated"].omitted = -1
    assert not made.is_consistent()


def filled(factor: int) -> Statistics:
    """Every count has a value of its own, times ``factor``."""
    host = HostStatistics(2 * factor, 3 * factor, 5 * factor, 7 * factor, 11.0 * factor, Counter(busy=13 * factor))
    return Statistics(
        rows=17 * factor,
        statuses=Counter(ok=16 * factor, failed=factor),
        origins=Counter(generated=19 * factor),
        flags=Counter(chunked=23 * factor),
        requests=29 * factor,
        repeated_requests=31 * factor,
        failures=Counter(busy=37 * factor),
        failed_rows=Counter(bad_line=41 * factor),
        repairs=Counter(texts=43 * factor, better=47 * factor),
        hosts={"http://gpu0:11434": host},
        **{name: Counter(mistral=53 * factor) for name in OTHER_COUNTERS},  # type: ignore[arg-type]
    )


def test_every_count_is_summed() -> None:
    together = filled(1)
    together.add(filled(2))
    assert together == filled(3)
    for one in (filled(1), Statistics()):
        other = Statistics()
        other.add(one)
        assert other == one


def changed(counts: Counts, **change: Any) -> Counts:
    """A copy with some other values."""
    return replace(counts, **change)


def test_counts_that_cannot_be_are_recognised() -> None:
    assert Statistics().is_consistent()
    assert filled(1).is_consistent()
    for name in ("rows", "requests", "repeated_requests"):
        for wrong in (-1, 2.0, True):
            assert not changed(filled(1), **{name: wrong}).is_consistent()
    assert not changed(filled(1), rows=18).is_consistent(), "a row without a status"
    assert not changed(filled(1), statuses=Counter(ok=16, finished=1)).is_consistent()
    for name in COUNTERS:
        assert not changed(filled(1), **{name: Counter(ok=-1)}).is_consistent()
    for name in ("rows", "requests", "prompt_tokens", "output_tokens"):
        odd = changed(filled(1).hosts["http://gpu0:11434"], **{name: -1})
        assert not changed(filled(1), hosts={"http://gpu0:11434": odd}).is_consistent()
    faulty = changed(filled(1).hosts["http://gpu0:11434"], faults=Counter(busy=-1))
    assert not changed(filled(1), hosts={"http://gpu0:11434": faulty}).is_consistent()
