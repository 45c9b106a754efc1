from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from transforms.sink import temporary_files
from transforms.sink.temporary_files import ABANDONED_SECONDS, is_abandoned, is_alive, temporary_name


def test_names_are_new_and_name_a_living_owner(tmp_path: Path) -> None:
    names = {temporary_name() for _ in range(100)}
    assert len(names) == 100
    path = tmp_path / names.pop()
    assert not is_abandoned(path), "it is not there"
    path.touch()
    assert not is_abandoned(path)


def test_a_file_of_a_dead_process_is_abandoned(tmp_path: Path) -> None:
    program = "from transforms.sink.temporary_files import temporary_name; print(temporary_name())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    path = tmp_path / done.stdout.strip()
    path.touch()
    assert is_abandoned(path)


def test_a_file_of_another_machine_is_abandoned_after_a_week(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / temporary_name()
    path.touch()
    monkeypatch.setattr(temporary_files, "_HOST", "another_machine")
    assert not is_abandoned(path)
    old = path.stat().st_mtime - ABANDONED_SECONDS - 1
    os.utime(path, (old, old))
    assert is_abandoned(path)


def test_processes_of_others_are_alive() -> None:
    assert is_alive(os.getpid())
    assert is_alive(1)
    assert not is_alive(2**22 + 1)


def test_files_of_other_programs_and_users_are_never_abandoned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "notes.tmp"
    other.touch()
    assert not is_abandoned(other)
    path = tmp_path / temporary_name().replace(f"-{os.getpid()}-", f"-{2**22 + 1}-")
    path.touch()
    assert is_abandoned(path)
    monkeypatch.setattr(os, "getuid", lambda: path.stat().st_uid + 1)
    assert not is_abandoned(path)


def test_a_file_of_an_earlier_process_with_our_number_is_abandoned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / temporary_name()
    path.touch()
    monkeypatch.setattr(temporary_files, "PROCESS_ID", "0" * 32)
    assert is_abandoned(path)


def test_a_process_that_may_not_be_signalled_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, number: int) -> None:
        assert number == 0
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert is_alive(1)
