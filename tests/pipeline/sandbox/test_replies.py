from __future__ import annotations

from pipeline.sandbox.replies import Clock, encode


def test_json_is_written_as_go_does() -> None:
    assert encode({"a": "<b> & é \u2028"}) == '{"a":"\\u003cb\\u003e \\u0026 é \\u2028"}'.encode()


def test_time_stamps_have_nanoseconds_without_trailing_zeros() -> None:
    clock = Clock()
    assert clock.stamp(1_700_000_000_123_456_789) == "2023-11-14T22:13:20.123456789Z"
    assert clock.stamp(1_700_000_000_120_000_000) == "2023-11-14T22:13:20.12Z"
    assert clock.stamp(1_700_000_001_000_000_000) == "2023-11-14T22:13:21Z"
