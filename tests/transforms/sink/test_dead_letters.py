"""Dead letters: one JSON line per letter, for lines of any bytes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.transforms.sink.part_batches import unit_of
from transforms.sink.dead_letters import DeadLetter, file_name, stale_files, to_lines

UNIT = replace(unit_of(100, 3), start=300, stop=400)


def test_a_letter_names_its_origin_and_reason() -> None:
    letter = DeadLetter(17, "body", "loop", "loop: the text repeats", "http://gpu0:11434", 4, "The pump the pump")
    (line,) = to_lines(UNIT, [letter]).decode().splitlines()
    assert json.loads(line) == {
        "source": "/data/reports.parquet",
        "source_row": 317,
        "part": UNIT.part_name,
        "row": 17,
        "column": "body",
        "error_class": "loop",
        "message": "loop: the text repeats",
        "host": "http://gpu0:11434",
        "attempts": 4,
        "candidate": "The pump the pump",
    }


def test_the_row_in_a_file_of_json_lines_counts_the_units_before() -> None:
    source = replace(UNIT.source, format="jsonl", url="/data/reports.jsonl")
    unit = replace(UNIT, source=source, rows_before=5000)
    (line,) = to_lines(unit, [DeadLetter(17, "body", "x", "x")]).splitlines()
    assert (json.loads(line)["source"], json.loads(line)["source_row"]) == ("/data/reports.jsonl", 5017)


def test_a_letter_has_the_source_text_only_if_it_was_given() -> None:
    (line,) = to_lines(UNIT, [DeadLetter(0, "body", "x", "x", text="La pompe \ud800")]).splitlines()
    assert json.loads(line)["text"] == "La pompe \ud800"


def test_the_file_is_named_after_the_part() -> None:
    assert file_name("part-a.parquet-0123abcd-00003.parquet") == "_dead_letter/part-a.parquet-0123abcd-00003.jsonl"


def test_letters_are_sorted_by_row_and_column() -> None:
    letters = [DeadLetter(row, column, "x", "x") for row, column in [(9, "b"), (2, "b"), (9, "a"), (2, None)]]
    lines = [json.loads(line) for line in to_lines(UNIT, letters).splitlines()]
    assert [(line["row"], line["column"]) for line in lines] == [(2, None), (2, "b"), (9, "a"), (9, "b")]


@pytest.mark.parametrize(
    ("raw", "key", "value"),
    [
        ('{"text": "Été'.encode(), "raw", '{"text": "Été'),
        (b"", "raw", ""),
        (b"\xff\x00 latin-1: \xe9", "raw_base64", "/wAgbGF0aW4tMTog6Q=="),
        ("a\u2028b\x85c\r".encode(), "raw", "a\u2028b\x85c\r"),
    ],
)
def test_unreadable_lines_are_stored_as_text_or_else_as_base64(raw: bytes, key: str, value: str) -> None:
    line_bytes = to_lines(UNIT, [DeadLetter(0, None, "bad_line", "no JSON", raw=raw)])
    assert line_bytes.count(b"\n") == 1
    line = json.loads(line_bytes)
    assert line[key] == value
    assert len({"raw", "raw_base64"} & set(line)) == 1


def test_accents_are_readable_and_lone_surrogates_are_escaped() -> None:
    line_bytes = to_lines(UNIT, [DeadLetter(0, "body", "x", "x", candidate="L'été \ud800 \\udc00")])
    assert "L'été" in line_bytes.decode()
    assert json.loads(line_bytes)["candidate"] == "L'été \ud800 \\udc00"


def test_files_of_parts_that_have_no_letters_any_more_are_stale() -> None:
    found = ["part-a-0123abcd-00000.jsonl", "part-b-0123abcd-00001.jsonl", "part-c-0123abcd-00002.jsonl", "notes.jsonl"]
    letters = {"part-a-0123abcd-00000.parquet": 2, "part-b-0123abcd-00001.parquet": 0}
    assert stale_files(found, letters) == [f"_dead_letter/{name}" for name in found[1:3]]


def test_a_letter_without_requests_says_so() -> None:
    (line,) = to_lines(UNIT, [DeadLetter(17, "body", "bad_text", "not UTF-8")]).splitlines()
    assert json.loads(line).get("attempts", 0) == 0
