from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluate.scores import SHARES, quantiles


@given(st.lists(st.integers(0, 9).map(float), max_size=30))
def test_quantiles(values: list[float]) -> None:
    found = quantiles({value: values.count(value) for value in values})
    assert list(found) == (list(SHARES) if values else [])
    assert all(sorted(values)[int(share * (len(values) - 1))] == value for share, value in found.items())
