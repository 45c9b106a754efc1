"""Names of parts."""

from __future__ import annotations

import pytest

from transforms.source.work_units import SourceFile, WorkUnit


def part_name(url: str, *partitions: tuple[str, str | None], number: int = 0) -> str:
    return WorkUnit(SourceFile(url, "parquet", None, 1, "", partitions), number, 0, 1, 1).part_name


@pytest.mark.parametrize(
    ("url", "stem"),
    [
        ("/in/calls.jsonl.gz", "calls"),
        ("/in/.jsonl", ".jsonl"),
        ("s3://bucket/calls.parquet", "calls"),
        ("https://store/calls.parquet?0a1b2c3d", "calls"),
        ("zip://in/calls.jsonl::/data/all.zip", "calls"),
    ],
)
def test_a_part_has_the_name_of_its_file(url: str, stem: str) -> None:
    name = part_name(url, number=7)
    assert name.startswith(f"part-{stem}-")
    assert name.endswith("-00007.parquet")
    assert len(name) == len(f"part-{stem}-01234567-00007.parquet")


def test_files_of_one_name_in_two_folders_can_be_told_apart() -> None:
    first = part_name("/in/year=2024/month=01/part-0.parquet", ("year", "2024"), ("month", "01"))
    second = part_name("/in/year=2024/month=02/part-0.parquet", ("year", "2024"), ("month", "02"))
    assert first.startswith("part-year=2024-month=01-part-0-")
    assert second.startswith("part-year=2024-month=02-part-0-")
    assert part_name("/a/x.parquet") != part_name("/b/x.parquet")


def test_a_long_name_is_cut_where_it_says_least() -> None:
    folder = "k=" + "é" * 200
    name = part_name(f"/in/{folder}/calls.parquet", ("k", "é" * 200))
    assert len(name.encode()) <= 255
    assert "-calls-" in name
