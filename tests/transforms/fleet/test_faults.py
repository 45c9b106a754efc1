from __future__ import annotations

from transforms.fleet.faults import (
    AWAY,
    BLAME,
    CONFIGURATION,
    NEVER_A_TEXTS,
    Blame,
    Failure,
    RequestFailed,
    RowRejected,
)


def test_what_is_not_listed_is_the_hosts_fault() -> None:
    for failure in Failure:
        assert RequestFailed(failure, "", "http://gpu0:11434").blame is BLAME.get(failure, Blame.HOST)
    assert RequestFailed(Failure.BUSY, "", "http://gpu0:11434").blame is Blame.HOST


def test_faults_that_no_text_can_cause_are_never_blamed_on_one() -> None:
    assert all(BLAME.get(failure, Blame.HOST) in (Blame.HOST, Blame.SIZE) for failure in NEVER_A_TEXTS)
    assert not CONFIGURATION & AWAY


def test_failures_say_what_was_seen_and_where() -> None:
    failed = RequestFailed(Failure.BUSY, "HTTP 503", "http://gpu0:11434", retry_after_seconds=7.0)
    assert (str(failed), failed.failure, failed.host) == ("HTTP 503", Failure.BUSY, "http://gpu0:11434")
    assert failed.retry_after_seconds == 7.0
    rejected = RowRejected(Failure.INPUT_TOO_LONG, "the prompt is too long")
    assert (str(rejected), rejected.failure) == ("the prompt is too long", Failure.INPUT_TOO_LONG)
