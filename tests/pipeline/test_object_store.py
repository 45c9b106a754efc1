"""Whole runs with input and output on an object store: a local S3 server, and opt-in one of Azure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.sandbox.faults import Fault
from pipeline.sandbox.running import SandboxThread
from tests.conftest import MakeHost
from tests.engines import installed
from tests.ports import free_port, wait_for_port

ROWS = 240
UNIT_ROWS = 40
LOCK = "_state/lock"
PATIENCE_SECONDS = 60.0
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The key that azurite documents for everyone: no secret."""


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """The environment in which fsspec uses a local S3 server."""
    pytest.importorskip("s3fs", reason="s3fs is not installed: pip install s3fs")
    moto = pytest.importorskip("moto.server", reason='moto is not installed: pip install "moto[server]"')
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    server.stop()


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which fsspec uses azurite."""
    pytest.importorskip("adlfs", reason="adlfs is not installed: pip install adlfs")
    azurite = installed("azurite") / "azurite" / "node_modules" / ".bin" / "azurite-blob"
    port, log = free_port(), tmp_path_factory.mktemp("azurite") / "azurite.log"
    command = [str(azurite), "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck"]
    with (
        log.open("wb") as written,
        subprocess.Popen(
            [*command, "--blobHost", "127.0.0.1", "--blobPort", str(port)], stdout=written, stderr=written
        ) as server,
    ):
        wait_for_port(port, {log: server})
        yield {
            "AZURE_STORAGE_CONNECTION_STRING": "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
            f"AccountKey={AZURITE_KEY};BlobEndpoint=http://127.0.0.1:{port}/devstoreaccount1;"
        }
        server.terminate()


class Store:
    """A bucket of its own, as the program's processes and the test see it."""

    def __init__(self, scheme: str, name: str) -> None:
        self.fs = fsspec.filesystem(scheme, use_listings_cache=False, skip_instance_cache=True)
        self.scheme = scheme
        self.url = f"{scheme}://{name}"
        self.fs.mkdir(name)
        self._name = name

    def files(self, folder: str) -> list[str]:
        """Names in a folder, and in those below."""
        root = f"{self._name}/{folder}/"
        return sorted(path.removeprefix(root) for path in self.fs.find(root))

    def parts(self, folder: str) -> list[pa.Table]:
        """The parts in a folder, in order; each must be whole."""
        names = [name for name in self.files(folder) if name.startswith("part-")]
        return [pq.ParquetFile(self.fs.open(f"{self._name}/{folder}/{name}")).read() for name in names]

    def put(self, path: str, content: bytes) -> None:
        self.fs.pipe_file(f"{self._name}/{path}", content)


@pytest.fixture(params=["s3", pytest.param("azure", marks=pytest.mark.engines)])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Store:
    for name, value in request.getfixturevalue(request.param).items():
        monkeypatch.setenv(name, value)
    made = Store({"s3": "s3", "azure": "abfs"}[request.param], f"reports-{uuid.uuid4().hex}")
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"id": list(range(ROWS)), "text": [sentence(number) for number in range(ROWS)]}), sink)
    made.put("reports/january.parquet", sink.getvalue().to_pybytes())
    lines = [json.dumps({"id": ROWS + number, "text": sentence(ROWS + number)}) for number in range(UNIT_ROWS)]
    made.put("reports/february.jsonl", "\n".join(lines).encode())
    return made


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(store: Store, tmp_path: Path) -> Iterator[Start]:
    """Starts the program over the bucket's reports, with temporary files below ``tmp_path``."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    running = []

    def begin(host: SandboxThread, *more: str) -> subprocess.Popen[str]:
        arguments = ["--input", f"{store.url}/reports", "--output", f"{store.url}/english", "--hosts", host.url]
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline", *arguments, "--unit_rows", str(UNIT_ROWS), "--progress", "off", *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def sentence(number: int) -> str:
    return f"Le technicien a remplacé la pompe numéro {number} du bâtiment."


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The summary of a run that ends well."""
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    summary: dict[str, Any] = json.loads(out)
    return summary


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def has_parts_and_more_answers(store: Store, host: SandboxThread) -> bool:
    served: int = host.stats()["served"]
    parts = sum(name.startswith("part-") for name in store.files("english"))
    return parts > 0 and served >= UNIT_ROWS * parts + 10


def check_all_rows(store: Store) -> None:
    parts = store.parts("english")
    assert {part.num_rows for part in parts} == {UNIT_ROWS}
    by_file: dict[str, list[dict[str, Any]]] = {}
    for name, part in zip(store.files("english")[-len(parts) :], parts, strict=True):
        by_file.setdefault(name.split("-")[1], []).extend(part.to_pylist())
    assert [row["id"] for row in by_file["january"]] == list(range(ROWS))
    assert [row["id"] for row in by_file["february"]] == list(range(ROWS, ROWS + UNIT_ROWS))
    for row in by_file["january"] + by_file["february"]:
        assert row["text"] == sentence(row["id"])
        assert str(row["id"]) in row["text_en"].split()
        assert row["text_en_status"] == "ok"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_parts_are_whole_and_in_order_and_a_second_run_asks_for_nothing(
    store: Store, start: Start, sandbox_host: MakeHost, tmp_path: Path
) -> None:
    host = sandbox_host()
    summary = finished(start(host))
    assert (summary["rows"], summary["units_written"]) == (ROWS + UNIT_ROWS, 7)
    check_all_rows(store)
    files = store.files("english")
    assert [name for name in files if not name.startswith(("part-", "_state/"))] == ["_summary.json"]
    assert LOCK not in files
    asked = host.stats()["calls"] + host.stats()["gets"]
    again = finished(start(host))
    assert (again["rows"], again["units_written"], again["units_skipped"]) == (ROWS + UNIT_ROWS, 0, 7)
    assert host.stats()["calls"] + host.stats()["gets"] == asked
    assert [name for name in store.files("english") if name.startswith("part-")] == [
        name for name in files if name.startswith("part-")
    ]
    assert list((tmp_path / "temporary").glob("translate-*")) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_killed_run_leaves_whole_parts_and_the_next_one_completes_with_a_local_memory(
    store: Store, start: Start, sandbox_host: MakeHost, tmp_path: Path
) -> None:
    host = sandbox_host(tokens_per_second=500.0, record_requests=True)
    memory = ("--memory", str(tmp_path / "memory" / "translations.sqlite"))
    process = start(host, *memory)
    wait_until(lambda: has_parts_and_more_answers(store, host), process)
    in_flight = host.stats()["in_flight"]
    process.kill()
    process.wait()
    parts = store.parts("english")
    assert 1 <= len(parts) < 7
    assert {part.num_rows for part in parts} == {UNIT_ROWS}
    assert LOCK in store.files("english"), "the dead run's, which must not block the next"
    answered = host.stats()["served"]
    host.control(tokens_per_second=0)
    summary = finished(start(host, *memory))
    assert (summary["units_skipped"], summary["units_written"]) == (len(parts), 7 - len(parts))
    check_all_rows(store)
    assert LOCK not in store.files("english")
    assert list((tmp_path / "temporary").glob("translate-*")) == []
    assert summary["requests"] - summary["repeated_requests"] <= ROWS + UNIT_ROWS - answered + in_flight + 30
    assert summary["origins"]["memory"] > 0


@pytest.mark.slow
def test_a_second_run_at_the_same_time_is_refused_and_the_first_goes_on(
    store: Store, start: Start, sandbox_host: MakeHost
) -> None:
    host = sandbox_host(faults=[Fault("hang")])  # until the second run has ended
    first = start(host)
    wait_until(lambda: host.stats()["in_flight"] > 0, first)
    second = start(host)
    out, err = second.communicate(timeout=PATIENCE_SECONDS)
    assert (second.returncode, out) == (1, "")
    assert f"another run is writing to {store.url}/english (process {first.pid} on " in err
    assert "wait for its end, or choose another --output" in err
    assert "Traceback" not in err
    assert LOCK in store.files("english")
    host.control(faults=[], listening=False)
    host.control(listening=True)
    assert finished(first)["rows"] == ROWS + UNIT_ROWS
    check_all_rows(store)
    assert LOCK not in store.files("english")


def test_a_bucket_that_is_not_there_is_told_before_anything_is_sent(
    store: Store, start: Start, sandbox_host: MakeHost
) -> None:
    host = sandbox_host()
    process = start(host, "--output", f"{store.scheme}://no-such-bucket/english")
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out) == (2, "")
    assert f"--output {store.scheme}://no-such-bucket/english cannot be written to: " in err
    assert "Traceback" not in err
    assert not store.fs.exists("no-such-bucket")
    assert host.stats()["calls"] == 0
