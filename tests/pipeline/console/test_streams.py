"""stdin, stdout and stderr as they may be found."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest

from pipeline.console.streams import is_for_people, json_text

CLOSED = ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"]


@pytest.mark.parametrize("closed", CLOSED)
def test_no_file_gets_the_number_of_a_stream_that_was_closed(closed: str) -> None:
    code = "import os, sys; from pipeline.console import streams; streams.prepare(); sys.exit(os.open(os.devnull, 0))"
    process = subprocess.run(["sh", "-c", f'"$0" -c "$1" {closed}', sys.executable, code], check=False)
    assert process.returncode >= 3


@pytest.mark.parametrize("closed", CLOSED)
@pytest.mark.parametrize(("argument", "code"), [("--version", 0), ("--nonsense", 2)])
def test_a_command_with_closed_streams_has_its_usual_code(closed: str, argument: str, code: int) -> None:
    command = ["sh", "-c", f'"$0" -m pipeline "$1" {closed}', sys.executable, argument]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == code
    assert "Traceback" not in process.stderr


def test_a_table_is_for_terminals_unless_a_format_is_chosen() -> None:
    master, slave = os.openpty()
    with os.fdopen(master), os.fdopen(slave, "w") as terminal:
        assert is_for_people("auto", terminal)
        assert not is_for_people("json", terminal)
    assert not is_for_people("auto", io.StringIO())
    assert is_for_people("table", io.StringIO())


@pytest.mark.parametrize(("encoding", "text"), [("utf-8", '{"a": "é😀"}'), ("ascii", r'{"a": "\u00e9\ud83d\ude00"}')])
def test_json_is_json_in_every_encoding(encoding: str, text: str) -> None:
    value = {"a": "é😀"}
    told = json_text(value, io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert told == text
    assert json.loads(told) == value


def test_a_file_name_that_is_no_utf8_can_be_told() -> None:
    value = {"a": "\udcff"}
    assert json.loads(json_text(value, io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))) == value
