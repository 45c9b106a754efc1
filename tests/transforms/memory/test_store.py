from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from transforms.memory.store import with_checksum, without_checksum

keys = st.binary(min_size=32, max_size=32)


@given(keys, st.binary())
def test_checksums_preserve_values(key: bytes, value: bytes) -> None:
    assert without_checksum(key, with_checksum(key, value)) == value


@given(keys, keys, st.binary(min_size=1), st.integers(0))
def test_damaged_and_misplaced_values_are_detected(key: bytes, other: bytes, value: bytes, at: int) -> None:
    stored = bytearray(with_checksum(key, value))
    if other != key:
        assert without_checksum(other, bytes(stored)) is None
    stored[at % len(stored)] ^= 1
    assert without_checksum(key, bytes(stored)) is None
