"""What is asked of the hosts before the first row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import MakeHost
from transforms.fleet import preflight
from transforms.fleet.hosts import HostAddress, HostsFile


def test_while_no_host_answers_the_hosts_file_is_read_again(
    sandbox_host: MakeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, path = sandbox_host(digest="ab" * 32), tmp_path / "hosts"
    path.write_text("http://127.0.0.1:9")
    contents = iter(["gpu0:eleven", host.url])  # half written, then whole
    monkeypatch.setattr("transforms.fleet.preflight.time.sleep", lambda seconds: path.write_text(next(contents)))
    hosts = (HostAddress("http://127.0.0.1:9"),)
    found = preflight.find_hosts(hosts, ["mistral"], False, False, 60.0, HostsFile(str(path)))
    assert found.digests == {"mistral:latest": "ab" * 32}
