from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.masking import mask_urls, mask_values


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("redis://:geheim@cache:6379/0", "redis://***@cache:6379/0"),
        ("rediss://user:ge@heim@cache/0", "rediss://***@cache/0"),
        ("http://user:ge/heim@gpu0:11434", "http://***@gpu0:11434"),
        ("http://user:ge?heim@gpu0", "http://***@gpu0"),
        ("http://gpu0:11434/v1?key=geheim", "http://gpu0:11434/v1?***"),
        ("zip://a.parquet::s3://key:geheim@bucket/x.zip", "zip://a.parquet::s3://***@bucket/x.zip"),
        ("http://u:geheim@a,http://v:geheim@b", "http://***@a,http://***@b"),
        ("--input 'https://data/a?X-Amz-Signature=geheim&b=1': no", "--input 'https://data/a?***': no"),
        ("s3://bucket/part-?.parquet", "s3://bucket/part-?.parquet"),
        ("s3://bucket/who@where.parquet", "s3://bucket/who@where.parquet"),
        ("http://[::1]:11434/api", "http://[::1]:11434/api"),
        ("/plain/a@b?c=d", "/plain/a@b?c=d"),
    ],
)
def test_secrets_of_urls_are_masked_and_nothing_else(text: str, masked: str) -> None:
    assert mask_urls(text) == masked
    assert mask_urls(masked) == masked


@given(st.text(st.sampled_from("abcxyz0189-._~!$&()*+;=:@/?#%"), min_size=1, max_size=20))
def test_no_password_is_shown_however_it_is_written(password: str) -> None:
    secret = f"geheim{password}"
    assert "geheim" not in mask_urls(f"cannot open http://user:{secret}@gpu0:11434/x: refused")


def test_all_strings_of_a_value_are_masked() -> None:
    value = {"http://u:geheim@h": [("a", "redis://:geheim@c"), 1, None], "plain": {"x": "y"}}
    assert mask_values(value) == {"http://***@h": [["a", "redis://***@c"], 1, None], "plain": {"x": "y"}}
