"""Finding input files: what counts, what it is called, and what is refused."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from transforms.errors import RunFailed, RunStopped, UsageError
from transforms.sink.output_directory import OutputDirectory
from transforms.source.discovery import deleted_inputs, list_sources
from transforms.source.file_names import format_of
from transforms.source.fingerprints import check_unchanged


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    """fsspec's file system in memory, empty before and after."""
    fs = fsspec.filesystem("memory")
    fs.rm("/", recursive=True)
    yield fs
    fs.rm("/", recursive=True)


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}\n")


def names(folder: Path, *inputs: object) -> list[str]:
    return [source.url.removeprefix(f"{folder}/") for source in list_sources([str(given) for given in inputs])]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.parquet", ("parquet", None)),
        ("A.PARQUET", ("parquet", None)),
        ("a.jsonl", ("jsonl", None)),
        ("a.ndjson", ("jsonl", None)),
        ("a.json", ("jsonl", None)),
        ("a.b.jsonl.gz", ("jsonl", "gzip")),
        ("a.json.zst", ("jsonl", "zstd")),
        ("a.parquet.gz", None),
        ("a.gz", None),
        ("a.csv", None),
        ("a.jsonl.bak", None),
        ("parquet", None),
    ],
)
def test_the_name_says_the_kind(name: str, kind: tuple[str, str | None] | None) -> None:
    assert format_of(name) == kind


def test_files_globs_and_directories_together_are_sorted_and_each_file_comes_once(tmp_path: Path) -> None:
    make(tmp_path, "b.jsonl", "a.parquet", "c.ndjson", "deep/er/d.json.gz")
    assert names(tmp_path, tmp_path / "c.ndjson", tmp_path / "*.jsonl", tmp_path, tmp_path / "a.parquet") == [
        "a.parquet",
        "b.jsonl",
        "c.ndjson",
        "deep/er/d.json.gz",
    ]


def test_the_spelling_of_a_local_path_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "in/a.jsonl")
    plain = list_sources([str(tmp_path / "in" / "a.jsonl")])
    monkeypatch.chdir(tmp_path)
    for spelling in ("in/a.jsonl", "./in/../in/a.jsonl", f"file://{tmp_path}/in/a.jsonl", "in", "in/", "i*/a.json?"):
        assert list_sources([spelling]) == plain
    assert plain[0].url == str(tmp_path / "in" / "a.jsonl")


def test_names_of_temporary_and_internal_files_are_passed_over_in_directories_and_globs(tmp_path: Path) -> None:
    make(
        tmp_path,
        "a.jsonl",
        "_summary.json",
        ".hidden.jsonl",
        "_dead_letter/x.jsonl",
        "sub/_state/y.jsonl",
        "sub/b.jsonl",
    )
    assert names(tmp_path, tmp_path) == ["a.jsonl", "sub/b.jsonl"]
    assert names(tmp_path, f"{tmp_path}/**/*.jsonl") == ["a.jsonl", "sub/b.jsonl"]
    assert names(tmp_path, tmp_path / "_dead_letter") == ["_dead_letter/x.jsonl"]
    assert names(tmp_path, f"{tmp_path}/_dead_letter/*") == ["_dead_letter/x.jsonl"]
    assert names(tmp_path, tmp_path / "_summary.json") == ["_summary.json"]
    assert names(tmp_path, f"{tmp_path}/_summ*") == ["_summary.json"]


def test_a_name_with_the_characters_of_a_glob_is_found_as_it_is(tmp_path: Path) -> None:
    make(tmp_path, "calls[1].jsonl", "calls1.jsonl")
    assert names(tmp_path, tmp_path / "calls[1].jsonl") == ["calls[1].jsonl"]


def test_other_kinds_in_a_directory_are_passed_over_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make(tmp_path, "a.jsonl", "notes.txt", "table.csv")
    with caplog.at_level(logging.WARNING):
        assert names(tmp_path, tmp_path) == ["a.jsonl"]
    assert "notes.txt, table.csv" in caplog.text


def test_links_to_files_count_and_broken_ones_are_an_error(tmp_path: Path) -> None:
    make(tmp_path, "real/a.jsonl")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.jsonl").symlink_to(tmp_path / "real" / "a.jsonl")
    assert names(tmp_path, tmp_path / "in") == ["real/a.jsonl"]
    assert names(tmp_path, f"{tmp_path}/in/*", tmp_path / "real") == ["real/a.jsonl"]
    (tmp_path / "in" / "broken.jsonl").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"broken\.jsonl"):
        names(tmp_path, tmp_path / "in")


def test_a_directory_whose_name_looks_like_a_file_is_a_directory(tmp_path: Path) -> None:
    make(tmp_path, "table.parquet/part-0.parquet")
    assert names(tmp_path, tmp_path / "table.parquet") == ["table.parquet/part-0.parquet"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nothing_here.parquet", "nothing_here.parquet does not exist"),
        ("*.nothing.parquet", r"\*\.nothing\.parquet matches no file"),
        ("only_others", "only_others has no file of a supported type: .parquet"),
        ("only_others/*", r"only_others/\* has no file of a supported type"),
        ("empty", "empty has no file of a supported type"),
        ("only_others/table.csv", r"table\.csv has an unsupported type"),
        ("pipe.jsonl", "neither a file nor a directory"),
        ("foo://bucket/x.jsonl", "foo://bucket/x.jsonl: Protocol not known: foo"),
        ("gs://bucket/x.jsonl", "gcsfs"),
    ],
)
def test_what_means_no_file_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, said: str
) -> None:
    make(tmp_path, "only_others/table.csv", "a.jsonl")
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.jsonl")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=said) as caught:
        list_sources(["a.jsonl", given])
    assert "\n" not in str(caught.value)


def test_a_server_that_is_not_there_is_told_from_a_file_that_is_not() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{bound.getsockname()[1]}/a.jsonl"
        code = f"from transforms.source.discovery import list_sources; list_sources([{address!r}])"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"--input {address} does not exist (Cannot connect to host" in done.stderr


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory below ``in`` that may be neither listed nor entered; permissions would not hold root back."""
    folder = tmp_path / "in" / "closed"
    make(tmp_path / "in", "a.jsonl", "open/b.jsonl", "closed/c.jsonl")

    def refusing(call: Callable[..., Any], refused: Callable[[Path], bool]) -> Callable[..., Any]:
        def checked(path: Any, *more: Any, **options: Any) -> Any:
            if isinstance(path, str | Path) and refused(Path(path)):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return call(path, *more, **options)

        return checked

    monkeypatch.setattr(os, "scandir", refusing(os.scandir, lambda path: path == folder))
    monkeypatch.setattr(os, "stat", refusing(os.stat, lambda path: folder in path.parents))
    return folder


def test_a_directory_that_cannot_be_listed_is_an_error_and_not_an_empty_one(closed: Path) -> None:
    for given in (closed.parent, closed):
        with pytest.raises(UsageError, match=rf"cannot list {closed} \(Permission denied\)"):
            list_sources([str(given)])
    with pytest.raises(UsageError, match=rf"cannot read {closed}/c.jsonl: .*Permission denied"):
        list_sources([str(closed / "c.jsonl")])


@pytest.mark.parametrize(
    ("given", "found", "told"),
    [
        ("*.jsonl", ["in/a.jsonl"], False),
        ("*/*.jsonl", ["in/open/b.jsonl"], True),
        ("**", ["in/a.jsonl", "in/open/b.jsonl"], True),
        ("open/*", ["in/open/b.jsonl"], False),
    ],
)
def test_a_glob_tells_of_directories_that_it_could_not_look_into(
    closed: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, given: str, found: list[str], told: bool
) -> None:
    assert names(tmp_path, closed.parent / given) == found
    assert (f"cannot list {closed} (Permission denied)" in caplog.text) is told


def test_what_cannot_be_looked_at_has_not_vanished(closed: Path) -> None:
    with pytest.raises(UsageError, match=r"Permission denied"):
        deleted_inputs([str(closed.parent)], [str(closed / "c.jsonl")])
    assert deleted_inputs([str(closed.parent)], [str(closed.parent / "open" / "gone.jsonl")]) != []


def test_no_input_at_all_is_refused() -> None:
    with pytest.raises(UsageError, match="--input"):
        list_sources([])


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        list_sources(["sftp://me:hush@archive/x.jsonl"])
    assert "archive" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_files_in_memory_are_found_and_identified(memory: fsspec.AbstractFileSystem) -> None:
    for path in ("/in/a.jsonl", "/in/sub/b.parquet", "/in/_x.jsonl"):
        memory.pipe(path, b"{}\n")
    found = list_sources(["memory://in"])
    assert [source.url for source in found] == ["memory:///in/a.jsonl", "memory:///in/sub/b.parquet"]
    assert list_sources(["memory://in/a.jsonl", "memory:///in/a.jsonl", "memory://in/*.jsonl"]) == found[:1]
    assert found[0].size_bytes == 3
    check_unchanged(found[0])
    while list_sources(["memory://in/a.jsonl"])[0].fingerprint == found[0].fingerprint:
        memory.pipe("/in/a.jsonl", b"[]\n")  # the clock of its versions has microseconds
        time.sleep(0)
    with pytest.raises(RunFailed, match="changed"):
        check_unchanged(found[0])


@pytest.mark.parametrize("name", ["a::b.jsonl", "zip::x.jsonl", "50%.jsonl", "a#b?.jsonl", "two\nlines.jsonl"])
def test_a_local_name_means_the_file_of_that_name(tmp_path: Path, name: str) -> None:
    make(tmp_path / "in::side", name)
    path = str(tmp_path / "in::side" / name)
    for given in (path, str(tmp_path / "in::side")):
        [source] = list_sources([given])
        assert source.url == path
        check_unchanged(source)


@pytest.mark.parametrize("given", ["in", "in/*", "in/\udcff.jsonl"])
def test_a_name_that_is_no_utf8_is_told(tmp_path: Path, given: str) -> None:
    make(tmp_path / "in", "\udcff.jsonl")
    with pytest.raises(UsageError, match=r"\\udcff\.jsonl' is not UTF-8: rename"):
        list_sources([str(tmp_path / given)])


@pytest.mark.parametrize("given", ["in", "in/**", "link"])
def test_the_runs_own_parts_are_no_input_unless_they_are_named(
    tmp_path: Path, given: str, caplog: pytest.LogCaptureFixture
) -> None:
    part = "part-a-0123abcd-00000.parquet"
    make(tmp_path / "in", "a.parquet", f"english/{part}", "english/b.parquet", f"other/{part}")
    (tmp_path / "link").symlink_to("in")
    output = OutputDirectory(str(tmp_path / "in" / "english"))
    with caplog.at_level(logging.INFO):
        found = list_sources([str(tmp_path / given)], is_output=output.holds_part)
    below = [source.url.removeprefix(f"{tmp_path}/").partition("/")[2] for source in found]
    assert below == ["a.parquet", "english/b.parquet", f"other/{part}"]
    assert "ignored 1 parts of this run's own output" in caplog.text
    assert len(list_sources([str(tmp_path / "in" / "english" / part)], is_output=output.holds_part)) == 1


def test_folders_that_a_glob_matches_are_read_as_folders(tmp_path: Path) -> None:
    make(tmp_path, "out/a.parquet/part-0.parquet", "out/a.parquet/_SUCCESS", "out/b.parquet", "out/c/d/e.jsonl")
    assert names(tmp_path, f"{tmp_path}/out/*.parquet") == ["out/a.parquet/part-0.parquet", "out/b.parquet"]
    everything = ["out/a.parquet/part-0.parquet", "out/b.parquet", "out/c/d/e.jsonl"]
    assert names(tmp_path, f"{tmp_path}/out/*") == everything
    assert names(tmp_path, f"{tmp_path}/out/**") == everything
    gone = str(tmp_path / "out" / "a.parquet" / "part-1.parquet")
    assert deleted_inputs([f"{tmp_path}/out/*.parquet"], [gone, str(tmp_path / "out" / "c" / "gone.jsonl")]) == [gone]


def test_links_to_folders_are_said_and_may_be_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    make(tmp_path, "real/a.jsonl", "in/b.jsonl")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "real")
    assert names(tmp_path, tmp_path / "in") == ["in/b.jsonl"]
    assert f"links to folders are not followed: {tmp_path}/in/link; name each with --input" in caplog.text
    assert names(tmp_path, tmp_path / "in", tmp_path / "in" / "link") == ["in/b.jsonl", "real/a.jsonl"]


def test_a_glob_with_a_bracket_that_matches_nothing_says_how_to_write_one(tmp_path: Path) -> None:
    make(tmp_path, "calls[x].jsonl")
    with pytest.raises(UsageError, match=r"matches no file; write \[\[\] for a bracket"):
        list_sources([f"{tmp_path}/*[x].jsonl"])
    assert names(tmp_path, f"{tmp_path}/*[[]x].jsonl") == ["calls[x].jsonl"]


def test_a_stop_ends_the_wait_for_a_store_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    fs = fsspec.filesystem("memory")
    asked, answered = threading.Event(), threading.Event()

    def info(*_: object, **__: object) -> Any:
        asked.set()
        answered.wait(60)
        raise FileNotFoundError

    monkeypatch.setattr(type(fs), "info", info)

    def stop(*_: object) -> None:
        raise RunStopped("stopped")

    previous = signal.signal(signal.SIGUSR1, stop)

    def kill() -> None:
        asked.wait(60)
        os.kill(os.getpid(), signal.SIGUSR1)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with pytest.raises(RunStopped):
            list_sources(["memory://in/a.jsonl"])
    finally:
        answered.set()
        killer.join()
        signal.signal(signal.SIGUSR1, previous)
