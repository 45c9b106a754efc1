from __future__ import annotations

import errno
from pathlib import Path

import pytest

from transforms.errors import RunFailed
from transforms.sink.write_errors import explained, reason


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/a"), "No such file: /a"),
        (RuntimeError("HTTP 503\nmore"), "HTTP 503"),
        (RuntimeError("The container does not exist.\nRequestId:5f"), "The container does not exist"),
        (ValueError(), "ValueError"),
        (OSError("cannot reach https://ann:secret@store/a?X-Amz-Signature=5f"), "cannot reach https://***@store/a?***"),
    ],
)
def test_a_reason_is_one_line_without_secrets_or_a_full_stop(error: Exception, text: str) -> None:
    assert reason(error) == text


@pytest.mark.parametrize(
    ("number", "local", "remedy"),
    [
        (errno.ENOSPC, True, r"\d+ MB free in .*, up to 3 MB needed: make room, then rerun the same command to resume"),
        (errno.EDQUOT, False, "make room, or name another directory with TMPDIR, then rerun"),
        (errno.EFBIG, True, r"allow larger files \(ulimit -f\), then rerun"),
        (errno.EIO, True, "; rerun the same command to resume"),
    ],
)
def test_an_error_says_where_why_and_what_to_do(tmp_path: Path, number: int, local: bool, remedy: str) -> None:
    with (
        pytest.raises(RunFailed, match=f"^cannot write s3://out/part: the reason; .*{remedy.lstrip('; ')}"),
        explained("s3://out/part", tmp_path, local, 2_500_000),
    ):
        raise OSError(number, "the reason")


def test_other_exceptions_pass(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a bug"), explained("part", tmp_path, True):
        raise ValueError("a bug")
