from __future__ import annotations

import pytest

from transforms.engine.outcome import Outcome


@pytest.mark.parametrize(
    ("error", "error_class"),
    [(None, ""), ("timeout: no answer in 60 s: gpu0", "timeout"), ("empty_output", "empty_output")],
)
def test_an_error_begins_with_its_class(error: str | None, error_class: str) -> None:
    assert Outcome(None, "failed", error=error).error_class == error_class
