from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.options.table import proposal
from pipeline.options.values import duration, keep_alive, number, whole


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("0.5", 0.5),
        (" 1e2 ", 100),
        ("90s", 90),
        ("30m", 1800),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("250ms", 0.25),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(0)(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "m", "5 m", "1h30", "5min", "inf", "nan", "1e400", "--5", "5m5x", "-5", "1e20", "1000000h"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="must be a number of seconds or a duration"):
        duration(0)(text)


@given(hours=st.integers(0, 99), minutes=st.integers(0, 99), seconds=st.integers(0, 99))
def test_durations_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert duration(0)(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds


@pytest.mark.parametrize(
    ("text", "value"), [("30m", "30m"), ("-1", -1.0), ("300", 300.0), ("-1m", "-1m"), ("1h5m", "1h5m")]
)
def test_keep_alive_is_what_ollama_understands(text: str, value: str | float) -> None:
    # A number in a string is refused by Ollama: "missing unit in duration".
    assert keep_alive(text) == value
    assert type(keep_alive(text)) is type(value)


@pytest.mark.parametrize("text", ["0", "0s", "0h0m", "-0", "", "ever", "5 minutes", "1e20"])
def test_keep_alive_that_would_unload_or_be_refused(text: str) -> None:
    with pytest.raises(ValueError, match="0 is refused"):
        keep_alive(text)


@given(st.text(max_size=12))
def test_any_text_is_a_value_in_range_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert 1 <= whole(1, 9)(text) <= 9
    with contextlib.suppress(ValueError):
        assert 0 < number(0, 1, above=True)(text) <= 1
    with contextlib.suppress(ValueError):
        assert duration(1)(text) >= 1


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("--outpt", ": did you mean --output?"),
        ("--o", ""),
        ("--ou", ": did you mean --output?"),
        ("--num", ": did you mean --num_ctx or --num_parallel?"),
        ("--NUM-CTX", ": did you mean --num_ctx?"),
        ("--xyz", ""),
        ("", ""),
    ],
)
def test_proposals(wrong: str, hint: str) -> None:
    assert proposal(wrong, ["--output", "--overwrite", "--num_ctx", "--num_parallel"]) == hint
