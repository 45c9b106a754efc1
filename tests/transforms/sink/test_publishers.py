from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import fsspec
import pytest

from transforms.sink.publishers import BUCKETS, RenamingPublisher, SendingPublisher, make_directory


def test_a_file_is_flushed_before_it_is_renamed_and_its_directory_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = RenamingPublisher(tmp_path, "_state")
    publisher.folder.mkdir()
    temporary = publisher.folder / "temporary"
    temporary.write_bytes(b"whole")
    target = tmp_path / "folder" / "part"
    flushed: list[tuple[bool, bool]] = []
    genuine = os.fsync

    def noted(descriptor: int) -> None:
        flushed.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), target.exists()))
        genuine(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    publisher.publish(temporary, "folder/part")
    assert flushed == [(False, False), (True, True)]
    assert target.read_bytes() == b"whole"
    assert not temporary.exists()


def test_a_file_is_sent_in_one_request_and_removed_here(tmp_path: Path) -> None:
    fs = fsspec.filesystem("memory")
    publisher = SendingPublisher(fs, "/publishers/out")
    temporary = tmp_path / "temporary"
    temporary.write_bytes(b"whole")
    publisher.publish(temporary, "folder/part")
    assert fs.cat_file("/publishers/out/folder/part") == b"whole"
    assert not temporary.exists()
    fs.rm("/publishers", recursive=True)


def test_no_directory_is_made_on_object_stores() -> None:
    class Store:
        def __init__(self, protocol: str | tuple[str, ...]) -> None:
            self.protocol = protocol
            self.made: list[str] = []

        def makedirs(self, path: str, exist_ok: bool) -> None:
            self.made.append(path)

    stores = [Store(name) for name in BUCKETS] + [Store(("sftp", "ssh"))]
    for store in stores:
        make_directory(store, "out")
    assert [store.made for store in stores] == [[]] * len(BUCKETS) + [["out"]]


class Refusing:
    """A file system that takes half of a file, and then raises."""

    protocol = "sftp"

    def __init__(self, error: BaseException) -> None:
        self._error = error
        self.files: set[str] = set()

    def makedirs(self, path: str, exist_ok: bool) -> None:
        assert exist_ok, "parts are sent from several threads"

    def put_file(self, here: str, there: str) -> None:
        self.files.add(there)
        raise self._error

    def rm_file(self, path: str) -> None:
        self.files.remove(path)


@pytest.mark.parametrize(
    ("error", "raised"),
    [(PermissionError("denied"), PermissionError), (KeyError("x"), OSError), (SystemExit(), SystemExit)],
)
def test_what_a_failed_attempt_left_is_removed_and_the_file_is_kept_here(
    error: BaseException, raised: type[BaseException], tmp_path: Path
) -> None:
    fs = Refusing(error)
    publisher = SendingPublisher(fs, "out")
    assert publisher.folder == Path(tempfile.gettempdir())
    temporary = tmp_path / "temporary"
    temporary.write_bytes(b"whole")
    with pytest.raises(raised) as caught:
        publisher.publish(temporary, "part")
    assert fs.files == set()
    assert temporary.exists()
    assert type(caught.value) is raised, "errors of the operating system and signals stay as they are"
