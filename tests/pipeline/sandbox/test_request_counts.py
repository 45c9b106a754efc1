from __future__ import annotations

from pipeline.sandbox.request_counts import RequestCounts


def test_peaks_and_times_are_kept() -> None:
    counts = RequestCounts()
    assert (counts.first_call_at, counts.last_answer_at) == (None, None)
    counts.called()
    first = counts.first_call_at
    counts.called()
    counts.in_flight -= 1
    counts.answered(prompt_tokens=7, eval_tokens=3)
    counts.called()
    assert (counts.calls, counts.in_flight, counts.in_flight_peak, counts.first_call_at) == (3, 2, 2, first)
    assert (counts.served, counts.prompt_tokens, counts.eval_tokens) == (1, 7, 3)
    assert counts.last_answer_at is not None


def test_requests_are_only_shown_on_request() -> None:
    counts = RequestCounts(requests=[{"source": "Bonjour"}])
    assert "requests" not in counts.as_json()
    assert counts.as_json(with_requests=True)["requests"] == [{"source": "Bonjour"}]
