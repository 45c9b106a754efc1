"""Inputs that are not files on this machine's disks: archives, web servers with and without ranges, dead servers."""

from __future__ import annotations

import json
import re
import socket
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transforms.errors import UsageError
from transforms.source.discovery import list_sources
from transforms.source.plan import InputPlan, plan_inputs
from transforms.source.unit_reader import read_group

ROWS = [{"id": number, "text": f"Été {number}"} for number in range(40)]


class Handler(BaseHTTPRequestHandler):
    """Serves files below ``root``, in ranges if ``has_ranges``; requests without the right query are refused."""

    def __init__(self, *arguments: Any, root: Path, has_ranges: bool, query: str) -> None:
        self.root, self.has_ranges, self.query = root, has_ranges, query
        super().__init__(*arguments)

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, with_body: bool) -> None:
        path, _, query = self.path.partition("?")
        file = self.root / path[1:]
        if query != self.query or not file.is_file():
            self.send_error(404)
            return
        data = file.read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if asked and self.has_ranges:
            start, end = int(asked[1]), min(int(asked[2]), len(data) - 1)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{end}/{len(data)}")
            data = data[start : end + 1]
        else:
            self.send_response(200)
        if self.has_ranges:
            self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", '"1"')
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    (tmp_path / "a.jsonl").write_text(lines)
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet", row_group_size=20)
    return tmp_path


@pytest.fixture
def serve(folder: Path) -> Iterator[Any]:
    servers: list[ThreadingHTTPServer] = []

    def start(has_ranges: bool = True, query: str = "") -> str:
        handler = partial(Handler, root=folder, has_ranges=has_ranges, query=query)
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def planned(*inputs: str) -> InputPlan:
    return plan_inputs(list_sources(inputs), 10)


def rows_of(found: InputPlan) -> list[dict[str, Any]]:
    return [
        row
        for group in found.groups
        for batch in read_group(group, found.schemas[group[0].source.url], 7)
        for row in batch.records.to_pylist()
    ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_a_file_on_a_web_server_is_cut_into_units(serve: Any, name: str) -> None:
    found = planned(f"{serve()}/{name}")
    assert [unit.rows for unit in found.units] == [10, 10, 10, 10]
    assert rows_of(found) == ROWS


def test_json_lines_of_a_server_without_ranges_are_one_unit_and_parquet_is_refused(serve: Any) -> None:
    server = serve(has_ranges=False)
    found = planned(f"{server}/a.jsonl")
    assert [unit.rows for unit in found.units] == [40]
    assert rows_of(found) == ROWS
    with pytest.raises(UsageError, match=r"a\.parquet: its server does not send parts of files .*download"):
        planned(f"{server}/a.parquet")


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_a_signed_address_is_opened_and_not_shown(serve: Any, name: str) -> None:
    server = serve(query="X-Amz-Signature=hush&X-Amz-Date=1")
    found = planned(f"{server}/{name}?X-Amz-Signature=hush&X-Amz-Date=1")
    [url] = found.schemas
    assert url == f"{server}/{name}"
    assert found.units[0].part_name.startswith("part-a-")
    assert rows_of(found) == ROWS
    with pytest.raises(UsageError) as caught:
        list_sources([f"{server}/{name}?X-Amz-Signature=wrong"])
    assert "wrong" not in str(caught.value)


def test_files_in_archives_are_found_by_glob_and_read(folder: Path) -> None:
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        for name in ("a.jsonl", "a.parquet"):
            archive.write(folder / name, f"in/{name}")
    found = planned(f"zip://in/*::{folder}/all.zip")
    assert [url.partition("::")[0] for url in found.schemas] == ["zip://in/a.jsonl", "zip://in/a.parquet"]
    assert rows_of(found) == ROWS + ROWS
    before = list_sources([f"zip://in/a.jsonl::{folder}/all.zip"])[0].fingerprint
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr("in/a.jsonl", (folder / "a.jsonl").read_text().replace("Été", "été"))
    assert list_sources([f"zip://in/a.jsonl::{folder}/all.zip"])[0].fingerprint != before
    with tarfile.open(folder / "all.tar", "w") as tar:
        tar.add(folder / "a.jsonl", "a.jsonl")
    assert rows_of(planned(f"tar://a.jsonl::{folder}/all.tar")) == ROWS


@pytest.mark.parametrize("scheme", ["ftp://127.0.0.1:{port}/x.jsonl", "sftp://127.0.0.1:{port}/x.jsonl"])
def test_a_server_that_is_asked_at_once_and_is_not_there_is_one_line(scheme: str) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(UsageError) as caught:
            list_sources([scheme.format(port=bound.getsockname()[1])])
    assert str(caught.value).startswith("cannot open ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("given", ["zip://a.jsonl::{folder}/none.zip", "reference://a.jsonl::{folder}/a.jsonl"])
def test_a_chain_that_cannot_be_opened_is_one_line(folder: Path, given: str) -> None:
    with pytest.raises(UsageError) as caught:
        planned(given.format(folder=folder))
    assert "\n" not in str(caught.value)
