from __future__ import annotations

import pytest

from pipeline.report.options import REPORT
from transforms.errors import UsageError


def test_texts_are_private_unless_asked_for() -> None:
    assert REPORT.parse(["--output=english"], {}).report_texts == 0
    assert REPORT.parse(["--output=english", "--report-texts=20"], {}).report_texts == 20
    assert "no text of a row unless --report_texts" in REPORT.help()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "missing --output"),
        (["--output=english", "--report_texts=501"], "501"),
        (["english"], "unexpected argument"),
    ],
)
def test_mistakes_are_usage_errors(arguments: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        REPORT.parse(arguments, {})
