from __future__ import annotations

import pytest

from pipeline.memory.options import MEMORY
from transforms.errors import UsageError


def test_options() -> None:
    options = MEMORY.parse(["--output=english", "--prune-days=30"], {})
    assert (options.memory, options.output, options.prune_days) == ("", "english", 30.0)
    assert MEMORY.parse([], {"TRANSLATE_MEMORY": "redis://cache:6379/0"}).prune_days is None
    assert "--prune_days" in MEMORY.help()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "either --memory PLACE or --output"),
        (["--memory=a", "--output=b"], "either --memory PLACE or --output"),
        (["--memroy=a"], "--memory"),
    ],
)
def test_mistakes(arguments: list[str], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        MEMORY.parse(arguments, {})
