from __future__ import annotations

from pathlib import Path

import fsspec
import pytest

from transforms.errors import UsageError
from transforms.fleet.addresses import Header, HostsFile


def test_lines_commas_and_comments(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("# first floor\ngpu0, gpu1:8000\n\n  https://gpu2/ollama  # behind nginx\ngpu0\n")
    hosts = HostsFile(str(path), (Header("X-Team", "night"),), "geheim").read()
    assert [host.url for host in hosts] == ["http://gpu0:11434", "http://gpu1:8000", "https://gpu2:443/ollama"]
    assert [dict(host.headers).get("Authorization") for host in hosts] == [None, None, "Bearer geheim"]
    assert "geheim" not in repr(HostsFile(str(path), api_key="geheim"))


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "no host is named"),
        (b"# none\n", "no host"),
        (b"gpu0:eleven\n", "port"),
        (b"\xff\xfe\xff", "can't be read"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(content: bytes, word: str, tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=word) as caught:
        HostsFile(str(path)).read()
    assert str(path) in str(caught.value)
    with pytest.raises(UsageError, match="can't be read: No such file"):
        HostsFile(str(tmp_path / "nothing")).read()


def test_whatever_a_file_system_raises_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("AccessDenied")

    monkeypatch.setattr(fsspec, "open", refuse)
    with pytest.raises(UsageError, match="can't be read: AccessDenied"):
        HostsFile("s3://bucket/hosts").read()
