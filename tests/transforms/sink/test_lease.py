from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from transforms.sink.lease import LEASE_SECONDS, RENEW_SECONDS, STALE_SECONDS, Lease, parse_lease

leases = st.builds(
    Lease,
    run_id=st.text(max_size=40),
    host=st.text(max_size=20),
    pid=st.integers(0, 1 << 22),
    renewed_at=st.floats(0, 1e10),
    ended=st.booleans(),
)


@given(leases)
def test_a_lease_is_read_back_and_half_of_it_is_none(lease: Lease) -> None:
    content = lease.to_bytes()
    assert parse_lease(content) == lease
    assert parse_lease(content[:-1]) is None


@given(st.binary(max_size=50))
def test_anything_else_is_no_lease(content: bytes) -> None:
    assert parse_lease(content) is None


def test_values_of_wrong_types_are_no_lease() -> None:
    values = json.loads(Lease("mine").to_bytes())
    for name in values:
        assert parse_lease(json.dumps({**values, name: [1]}).encode()) is None
        assert parse_lease(json.dumps({key: value for key, value in values.items() if key != name}).encode()) is None


def test_a_lease_of_this_process_is_held_until_it_is_stale() -> None:
    lease = Lease.of_this_process("mine").renewed()
    assert not lease.is_dead()
    assert not lease.is_free()
    assert not replace(lease, ended=True).is_free(), "its workers may still be writing"
    assert replace(lease, renewed_at=time.time() - STALE_SECONDS - 1).is_free()
    assert replace(lease, process="an earlier process").is_dead()
    assert str(lease).startswith(f"process {os.getpid()} on ")


def test_workers_stop_before_another_run_takes_over() -> None:
    assert RENEW_SECONDS < LEASE_SECONDS / 4
    assert LEASE_SECONDS + RENEW_SECONDS < STALE_SECONDS


def test_the_process_of_another_machine_or_container_is_not_known_to_be_dead() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here = replace(Lease.of_this_process("mine").renewed(), pid=ended.pid, process="theirs")
    assert here.is_dead()
    assert here.is_free()
    for elsewhere in (replace(here, host="another"), replace(here, pid_namespace="pid:[1]")):
        assert not elsewhere.is_dead()
        assert not elsewhere.is_free()


def test_a_lease_is_taken_over_ninety_seconds_after_its_last_renewal() -> None:
    lease = replace(Lease.of_this_process("mine"), host="another")
    assert not replace(lease, renewed_at=time.time() - 80).is_free()
    assert replace(lease, renewed_at=time.time() - 91).is_free()
