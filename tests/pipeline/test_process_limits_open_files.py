from __future__ import annotations

import resource
import subprocess
import sys

import pytest


def limits_after(soft: int, hard: int) -> list[str]:
    code = f"""
import resource
from pipeline.process_limits import allow_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(allow_open_files(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize(
    ("soft", "hard", "expected"),
    [
        pytest.param(256, 1_000, "1000 1000 1000", id="as far as it may"),
        pytest.param(256, 10_000, "8192 8192 10000", id="no further than is needed"),
        pytest.param(9_000, 10_000, "9000 9000 10000", id="never lower"),
    ],
)
def test_the_limit_of_open_files_is_raised(soft: int, hard: int, expected: str) -> None:
    ours = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if ours != resource.RLIM_INFINITY and ours < hard:
        pytest.skip("the tests themselves may not open so many files")
    assert limits_after(soft, hard) == expected.split()
