from __future__ import annotations

from transforms.fleet.faults import AWAY, BLAME, CONFIGURATION, NEVER_A_TEXTS, Blame, Failure, RequestFailed


def test_what_is_not_listed_is_the_hosts_fault() -> None:
    for failure in Failure:
        assert RequestFailed(failure, "", "http://gpu0:11434").blame is BLAME.get(failure, Blame.HOST)
    assert RequestFailed(Failure.BUSY, "", "http://gpu0:11434").blame is Blame.HOST


def test_faults_that_no_text_can_cause_are_never_blamed_on_one() -> None:
    assert all(BLAME.get(failure, Blame.HOST) in (Blame.HOST, Blame.SIZE) for failure in NEVER_A_TEXTS)
    assert not CONFIGURATION & AWAY
