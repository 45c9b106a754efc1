"""The output directory: whole files or none, on local disks and elsewhere; nothing temporary stays."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import _registry

from tests.transforms.sink.file_limit import files_up_to
from tests.transforms.sink.part_batches import FaultyFileSystem, batches_of, write_part
from transforms.errors import RunFailed, UsageError
from transforms.sink import temporary_files as module
from transforms.sink.output_directory import OutputDirectory

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where files for other than local outputs are built."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(params=["local", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "local":
        yield str(tmp_path / "out")
        return
    yield "memory://out/english"
    fsspec.filesystem("memory").rm("/out", recursive=True)


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., OutputDirectory]]:
    """An output on a file system whose faults begin when it is prepared."""
    monkeypatch.setitem(_registry, "faulty", FaultyFileSystem)

    def make(**fail: BaseException) -> OutputDirectory:
        output = OutputDirectory("faulty://out/english")
        output.prepare()
        for name, error in fail.items():
            monkeypatch.setattr(FaultyFileSystem, name, error)
        return output

    yield make
    FaultyFileSystem.store.clear()
    FaultyFileSystem.pseudo_dirs[:] = [""]


def prepared(url: str) -> OutputDirectory:
    output = OutputDirectory(url)
    output.prepare()
    return output


def contents(url: str) -> dict[str, bytes]:
    """All files of an output by their names in it."""
    fs, root = fsspec.core.url_to_fs(url)
    return {path.removeprefix(root).lstrip("/"): fs.cat_file(path) for path in fs.find(root)}


def stale_name(**owner: Any) -> str:
    """A temporary file's name as ``temporary_name`` makes it, of another owner."""
    own = module._TEMPORARY.fullmatch(module.temporary_name())
    assert own is not None
    of = {**own.groupdict(), **owner}
    return f"translate-{of['host']}-{of['pid']}-{of['process']}-{uuid.uuid4().hex}.tmp"


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_files_appear_whole_with_their_content_and_replace_others(url: str, temporary_folder: Path) -> None:
    output = prepared(url)
    assert contents(url) == {}
    output.write_bytes("_summary.json", b"first")
    output.write_bytes("_dead_letter/part.jsonl", b"letter")
    output.write_bytes("_summary.json", b"second, longer")
    assert contents(url) == {"_summary.json": b"second, longer", "_dead_letter/part.jsonl": b"letter"}
    output.remove("_summary.json")
    output.remove("_summary.json")
    output.remove("_dead_letter/never.jsonl")
    assert list(contents(url)) == ["_dead_letter/part.jsonl"]
    assert not list(temporary_folder.iterdir())


def test_while_a_file_is_built_nothing_of_it_is_seen(url: str, temporary_folder: Path) -> None:
    output = prepared(url)
    temporary = output.begin()
    temporary.write_bytes(b"half")
    assert [name for name in contents(url) if not name.startswith("_state/")] == []
    if url.startswith("memory"):
        assert temporary.parent == temporary_folder
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o600, "others could read the texts"
    output.publish(temporary, "part")
    assert contents(url) == {"part": b"half"}
    assert not temporary.exists()


@pytest.mark.parametrize(
    "name", ["with space", "accentué", "a#b", "100%", "what?", "[x]", "st*r", "-x", "{a}", "a;b&c"]
)
@pytest.mark.parametrize("before", ["", "file://", "memory://named/"])
def test_names_are_taken_as_they_are(tmp_path: Path, name: str, before: str) -> None:
    url = f"{before}{'' if before.startswith('memory') else tmp_path}/{name}/"
    output = prepared(url)
    result = write_part(output, batches_of(3))
    again = OutputDirectory(output.url)
    assert again.url == output.url == str(again)
    footer = again.existing_parts()[result.name]
    assert footer is not None
    assert footer.rows == 3
    with fsspec.open(output.path_of(result.name)) as file:
        assert file.read(4) == b"PAR1"
    if not before.startswith("memory"):
        assert (tmp_path / name / result.name).is_file()
    else:
        fsspec.filesystem("memory").rm("/named", recursive=True)


def test_a_relative_path_leads_to_the_same_place_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = prepared("some/english")
    monkeypatch.chdir("/")
    OutputDirectory(output.url).write_bytes("_summary.json", b"x")
    assert (tmp_path / "some/english/_summary.json").is_file()


def test_the_address_of_another_machine_keeps_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    class Remote(MemoryFileSystem):  # type: ignore[misc] # fsspec has no types
        """Like SFTP: the host is no part of its paths."""

        protocol = "remote"

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return f"/{path.removeprefix('remote://').partition('/')[2]}"

    monkeypatch.setitem(_registry, "remote", Remote)
    output = OutputDirectory("remote://user@gpu0/home/english/")
    assert output.url == "remote://user@gpu0/home/english"
    assert output.path_of("_summary.json") == "remote://user@gpu0/home/english/_summary.json"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("file", "Not a directory"),
        ("file/below", "Not a directory"),
        ("/proc/english", "No such file or directory"),
        ("/dev/null", "Not a directory"),
        ("nosuch://bucket/english", "Protocol not known: nosuch"),
        ("sftp://user:secret@gpu0/english", "contains a password"),
    ],
)
def test_what_cannot_be_written_to_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("in the way")
    with pytest.raises(UsageError, match=said) as caught:
        prepared(path)
    assert "--output" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert Path("file").read_text() == "in the way"


@pytest.mark.skipif(os.getuid() == 0, reason="permissions do not hold root back")
def test_a_directory_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="Permission denied"):
        prepared(str(tmp_path / "out"))


def test_no_bucket_is_made_of_a_mistyped_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bucket(MemoryFileSystem):  # type: ignore[misc]
        protocol: ClassVar[tuple[str, ...]] = ("gs", "gcs")

        def makedirs(self, path: str, exist_ok: bool = False) -> None:
            raise AssertionError("a bucket was made")

        def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
            raise FileNotFoundError(errno.ENOENT, "The specified bucket does not exist", path)

    monkeypatch.setitem(_registry, "gs", Bucket)
    with pytest.raises(UsageError, match="The specified bucket does not exist"):
        prepared("gs://mistyped/english")


def test_what_dead_runs_left_is_removed_and_nothing_else(url: str, tmp_path: Path, temporary_folder: Path) -> None:
    folder = tmp_path / "out" / "_state" if not url.startswith("memory") else temporary_folder
    folder.mkdir(parents=True, exist_ok=True)
    week_ago = time.time() - module.ABANDONED_SECONDS - 60
    dead = stale_name(pid=dead_pid())
    gone = [dead, stale_name(process="0" * 8), stale_name(host="other_machine", pid=1)]
    kept = [
        stale_name(),
        stale_name(pid=os.getppid()),
        stale_name(host="another_machine", pid=1),
        "memory.sqlite",
        "translate-notes.tmp",
    ]
    for name in [*gone, *kept]:
        (folder / name).write_text("half")
    for name in (gone[2], kept[3], kept[4]):
        os.utime(folder / name, (week_ago, week_ago))
    prepared(url)
    assert {path.name for path in folder.iterdir()} == set(kept)


def test_another_users_temporary_files_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / stale_name(pid=dead_pid())
    path.touch()
    assert module.is_abandoned(path)
    monkeypatch.setattr(os, "getuid", lambda: path.stat().st_uid + 1)
    assert not module.is_abandoned(path)


def test_parts_are_known_by_their_footers(url: str) -> None:
    output = prepared(url)
    assert output.existing_parts() == {}
    second, first = (write_part(output, batches_of(5, number=number)) for number in (1, 0))
    output.write_bytes(first.name.replace("00000", "00007"), b"PAR1 cut off")
    for name in (
        "_summary.json",
        "part-reports-0123abcd-00001.parquet.old",
        "part-0123abcd-00001.parquet",
        "x.parquet",
    ):
        output.write_bytes(name, b"something else")
    parts = output.existing_parts()
    assert list(parts) == sorted([first.name, second.name, first.name.replace("00000", "00007")])
    assert [footer and footer.number for footer in parts.values()] == [0, 1, None]


def test_an_output_that_was_never_prepared_has_no_parts(tmp_path: Path) -> None:
    assert OutputDirectory(str(tmp_path / "none")).existing_parts() == {}


def test_the_footers_of_a_thousand_parts_are_read(tmp_path: Path) -> None:
    output = prepared(str(tmp_path))
    result = write_part(output, batches_of(10))
    for number in range(1, 1000):
        shutil.copy(tmp_path / result.name, tmp_path / result.name.replace("00000", f"{number:05}"))
    parts = output.existing_parts()
    assert len(parts) == 1000
    assert all(parts.values())


def test_a_rename_that_fails_leaves_things_as_they_were(tmp_path: Path) -> None:
    output = prepared(str(tmp_path))
    (tmp_path / "_summary.json").mkdir()
    (tmp_path / "_dead_letter").write_text("a file in the way")
    for name in ("_summary.json", "_dead_letter/part.jsonl"):
        with pytest.raises(RunFailed, match=r"cannot write .*; rerun the same command"):
            output.write_bytes(name, b"x")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["_dead_letter", "_state", "_summary.json", "temporary"]


@pytest.mark.parametrize(
    "error", [OSError(errno.EIO, "connection reset"), RuntimeError("HTTP 503\nmore"), ValueError()]
)
def test_a_failed_upload_leaves_nothing(
    faulty: Callable[..., OutputDirectory], temporary_folder: Path, error: Exception
) -> None:
    output = faulty(fail_put=error)
    with pytest.raises(RunFailed, match=r"^cannot write faulty://out/english/part: .*rerun the same command") as caught:
        output.write_bytes("part", b"0123456789")
    assert (str(error).splitlines() or ["ValueError"])[0].removeprefix("[Errno 5] ") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert contents(output.url) == {}
    assert not list(temporary_folder.iterdir())


def test_an_interrupted_upload_leaves_nothing_and_goes_on_as_interruption(
    faulty: Callable[..., OutputDirectory], temporary_folder: Path
) -> None:
    output = faulty(fail_put=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        output.write_bytes("part", b"0123456789")
    assert contents(output.url) == {}
    assert not list(temporary_folder.iterdir())


def test_parts_that_cannot_be_read_or_removed_end_the_run(faulty: Callable[..., OutputDirectory]) -> None:
    output = faulty(fail_read=RuntimeError("HTTP 403"), fail_remove=RuntimeError("HTTP 409"))
    output.write_bytes("part-a-0123abcd-00000.parquet", b"PAR1")
    with pytest.raises(RunFailed, match=r"cannot read faulty://out/english/part-a-0123abcd-00000\.parquet: HTTP 403"):
        output.existing_parts()
    with pytest.raises(RunFailed, match="cannot remove faulty://out/english/x: HTTP 409"):
        output.remove("x")


def test_a_full_disk_is_told_with_what_to_do(tmp_path: Path) -> None:
    output = prepared(str(tmp_path))
    with (
        pytest.raises(RunFailed) as caught,
        output.explain_write_errors("part.parquet", 2_500_000),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        full.write(b"x")
    free = shutil.disk_usage(tmp_path).free // 1_000_000
    said = str(caught.value)
    assert said.startswith(f"cannot write {tmp_path}/part.parquet: No space left on device; ")
    assert abs(int(said.split("; ")[1].split(" MB free in ")[0]) - free) < 1000
    assert f"free in {tmp_path}/_state, up to 3 MB needed: make room, then rerun the same command" in said


def test_a_full_local_disk_under_another_output_names_the_folder(temporary_folder: Path) -> None:
    output = prepared("memory://out/english")
    said = f"free in {temporary_folder}: make room, or name another directory with TMPDIR"
    with pytest.raises(RunFailed, match=said), output.explain_write_errors("part.parquet"):
        raise OSError(errno.EDQUOT, "Disk quota exceeded")


def test_a_file_size_limit_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    output = prepared(str(tmp_path))
    with (
        files_up_to(1000),
        pytest.raises(RunFailed, match=r"cannot write .*: File too large; allow larger files \(ulimit -f\)"),
    ):
        output.write_bytes("_summary.json", b"x" * 5000)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []
