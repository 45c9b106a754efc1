"""Which file system an address means, and what its errors say."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from transforms.errors import UsageError
from transforms.file_systems import check_encodable, file_system, first_line, same_file_system, sends_ranges


@pytest.mark.parametrize("name", ["a.parquet", "odd::name.parquet", "a b", "."])
def test_a_path_is_local_whatever_it_contains(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fs, path = file_system(name)
    assert isinstance(fs, LocalFileSystem)
    assert Path(path).resolve() == (tmp_path / name).resolve()


def test_an_address_has_the_file_system_of_its_scheme() -> None:
    fs, path = file_system("memory://bucket/a.parquet")
    assert (type(fs).__name__, path) == ("MemoryFileSystem", "/bucket/a.parquet")


def test_an_unknown_scheme_is_the_users_mistake_and_secrets_are_masked() -> None:
    with pytest.raises(UsageError, match="cannot open nothing://") as caught:
        file_system("nothing://user:geheim@host/a.parquet")
    assert "geheim" not in str(caught.value)


def test_a_name_that_is_not_utf8_is_refused() -> None:
    check_encodable("é")
    with pytest.raises(UsageError, match="is not UTF-8: rename"):
        file_system("a\udcff.parquet")


def test_file_systems_are_compared_by_place() -> None:
    one, other = fsspec.filesystem("file"), LocalFileSystem(skip_instance_cache=True)
    assert one is not other
    assert same_file_system(one, other)
    assert not same_file_system(one, fsspec.filesystem("memory"))
    assert not same_file_system(one, LocalFileSystem(auto_mkdir=True))


@pytest.mark.parametrize("ranges", [True, False])
def test_a_web_server_may_not_send_parts_of_files(ranges: bool) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(b"")

        def do_GET(self) -> None:
            self._answer(b"0123456789")

        def _answer(self, content: bytes) -> None:
            asked = self.headers.get("Range")
            if ranges and asked:
                first, last = asked.removeprefix("bytes=").split("-")
                content = content[int(first) : int(last) + 1]
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {first}-{last}/10")
            else:
                self.send_response(200)
            if ranges:
                self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(content) or 10))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        fs, path = file_system(f"http://127.0.0.1:{server.server_port}/a.parquet")
        assert sends_ranges(fs, path) is ranges
        server.shutdown()


def test_every_other_file_system_sends_ranges(tmp_path: Path) -> None:
    assert sends_ranges(*file_system(str(tmp_path / "not there")))


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("  one\ntwo"), "one"),
        (ValueError(), "ValueError"),
        (OSError("no https://store/a?token=geheim here"), "no https://store/a here"),
    ],
)
def test_the_first_line_of_an_error_has_no_query(error: Exception, line: str) -> None:
    assert first_line(error) == line
