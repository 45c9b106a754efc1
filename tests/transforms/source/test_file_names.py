"""What an address says, and what of it may be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from transforms.source.file_names import identity_of, real_path


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/in/a?b.parquet", "/in/a?b.parquet"),
        ("s3://bucket/a.parquet", "s3://bucket/a.parquet"),
        ("s3://key:hush@bucket/a.parquet", "s3://key@bucket/a.parquet"),
        ("https://store/a.parquet?X-Amz-Signature=hush&X-Amz-Expires=60", "https://store/a.parquet"),
        ("https://store/a.parquet?sv=2024&sig=hush", "https://store/a.parquet"),
        ("zip://a.jsonl::https://me:hush@store/b.zip?token=hush", "zip://a.jsonl::https://me@store/b.zip"),
    ],
)
def test_secrets_are_no_part_of_an_identity(url: str, shown: str) -> None:
    assert identity_of(url) == shown
    assert "hush" not in identity_of(url)


def test_what_a_query_selects_is_part_of_an_identity() -> None:
    one, two, signed = (
        identity_of(f"https://store/get.parquet?{query}") for query in ("id=1", "id=2", "id=1&Signature=x")
    )
    assert one == signed != two
    assert one.startswith("https://store/get.parquet?")


def test_a_link_is_the_file_that_it_leads_to_unless_that_is_in_a_store_of_content(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / ".git").mkdir()
    for target in ("real/a.parquet", ".git/0123abcd.parquet", "real/0123abcd"):
        (tmp_path / target).touch()
    for name, target in (("b", "real/a.parquet"), ("c", ".git/0123abcd.parquet"), ("d", "real/0123abcd")):
        (tmp_path / f"{name}.parquet").symlink_to(target)
    (tmp_path / "folder").symlink_to("real")
    assert real_path(str(tmp_path / "b.parquet")) == str(tmp_path / "real" / "a.parquet")
    assert real_path(str(tmp_path / "c.parquet")) == str(tmp_path / "c.parquet")
    assert real_path(str(tmp_path / "d.parquet")) == str(tmp_path / "d.parquet")
    assert real_path(str(tmp_path / "folder" / "a.parquet")) == str(tmp_path / "real" / "a.parquet")
    assert real_path(str(tmp_path / "folder" / ".." / "b.parquet")) == str(tmp_path / "real" / "a.parquet")
