from __future__ import annotations

from pipeline.execute import original_error
from transforms.errors import NoHostLeft, RunFailed


def test_an_exception_of_a_worker_is_found_in_the_runners_text() -> None:
    text = "Traceback…\ntransforms.errors.NoHostLeft: no host was healthy [while running 'Translate']\n\nmore"
    error = original_error(text)
    assert isinstance(error, NoHostLeft)
    assert str(error) == "no host was healthy"
    assert isinstance(original_error("RunFailed: disk full"), RunFailed)
    assert original_error("KeyError: 'x' [while running 'Read']") is None
