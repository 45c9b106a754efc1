from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.memory.stores import key
from transforms.memory.sqlite_claims import SqliteClaims
from transforms.memory.store import MemoryUnavailable

OWNERS = ("a", "b", "c")
KEYS = tuple(map(key, range(3)))
CLOCK = "transforms.memory.sqlite_claims.time.time"

_steps = st.tuples(
    st.sampled_from(["claim", "release", "wait"]), st.sampled_from(OWNERS), st.sets(st.sampled_from(KEYS)).map(sorted)
)


@settings(max_examples=25, deadline=None)
@given(st.lists(_steps, max_size=20))
def test_a_key_has_at_most_one_owner_and_is_free_once_its_time_is_over(
    steps: Sequence[tuple[str, str, list[bytes]]],
) -> None:
    now = 1000.0
    held: dict[bytes, tuple[str, float]] = {}
    with TemporaryDirectory() as folder, mock.patch(CLOCK) as clock:
        clock.return_value = now
        stores = {owner: SqliteClaims(Path(folder) / "claims") for owner in OWNERS}
        for action, owner, keys in steps:
            if action == "wait":
                now += 4.0
                clock.return_value = now
            elif action == "release":
                stores[owner].release(keys, owner)
                held = {each: by for each, by in held.items() if each not in keys or by[0] != owner}
            else:
                free = {each for each in keys if each not in held or held[each][0] == owner or held[each][1] < now}
                assert stores[owner].claim(keys, owner, 10.0) == free
                held |= dict.fromkeys(free, (owner, now + 10.0))
        for store in stores.values():
            store.close()


def test_the_file_is_the_owners_only_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "claims"
    claims = SqliteClaims(path)
    claims.claim([key(1)], "a", 10.0)
    assert path.stat().st_mode & 0o777 == 0o600
    claims.close()
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(MemoryUnavailable, match=r"claims of texts in .*claims cannot be used: file is not a database"):
        claims.claim([key(1)], "a", 10.0)
    claims.close()
