from __future__ import annotations

import pytest

from pipeline.options.table import options_of
from pipeline.review.options import REVIEW, ReviewOptions
from transforms.errors import UsageError


def test_options() -> None:
    options = REVIEW.parse(["--output=english", "--hosts=gpu0", "--failed-only"], {"TRANSLATE_EXPORT": "review.csv"})
    assert (options.output, options.export, options.failed_only) == ("english", "review.csv", True)
    assert [host.url for host in options.hosts] == ["http://gpu0:11434"]
    assert all(f"--{name} " in REVIEW.help() for name in options_of(ReviewOptions))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "missing --output"),
        (["--output=x", "--export=a.csv", "--apply=b.csv"], "cannot be combined"),
        (["--output=x", "--aply=b.csv"], "did you mean --apply"),
    ],
)
def test_mistakes_are_usage_errors(arguments: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        REVIEW.parse(arguments, {})
