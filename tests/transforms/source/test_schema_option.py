"""The notation of --schema."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import UsageError
from transforms.source.schema_option import parse_schema

FULL = (
    "code:string,created_at:timestamp[us, tz=UTC],tags:list<string>,site:struct<name: string, floor: int16>,"
    "amount:decimal128(10, 2)"
)


def test_the_notation_as_documented() -> None:
    assert parse_schema(FULL) == {
        "code": pa.string(),
        "created_at": pa.timestamp("us", "UTC"),
        "tags": pa.list_(pa.string()),
        "site": pa.struct([("name", pa.string()), ("floor", pa.int16())]),
        "amount": pa.decimal128(10, 2),
    }


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        (" a : double ", "a", pa.float64()),
        ('"dc:title":string', "dc:title", pa.string()),
        ("a b:date32", "a b", pa.date32()),
        ("t:timestamp", "t", pa.timestamp("us")),
        ("t:timestamp[ns]", "t", pa.timestamp("ns")),
        ("t:timestamp[s,tz=+02:00]", "t", pa.timestamp("s", "+02:00")),
        ("n:decimal128(38)", "n", pa.decimal128(38, 0)),
        ("x:list< list<struct<a:bool>> >", "x", pa.list_(pa.list_(pa.struct([("a", pa.bool_())])))),
    ],
)
def test_one_column(text: str, name: str, kind: Any) -> None:
    assert parse_schema(text) == {name: kind}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "character 1: expected the name of a column"),
        ("code", "character 5: expected ':' and a type after code"),
        ("code:", "character 6: expected a type (bool, "),
        ("code:strng", "character 6: unknown type strng; did you mean string?"),
        ("code:xyzzy", "character 6: unknown type xyzzy; known are bool, "),
        ("code:string;id:int64", "character 12: expected ',' before the next column"),
        ("code:string,", "character 13: expected the name of a column"),
        ("a:int8,a:int8", "character 8: a is named twice"),
        ("a:list<string", "character 14: expected '>'"),
        ("a:list", "character 7: expected '<' and the type of the elements"),
        ("a:struct<b>", "character 11: expected ':' and a type after b"),
        ("a:struct<>", "character 10: expected the name of a field"),
        ("a:struct<b:int8;c:int8>", "character 16: expected ',' or '>'"),
        ("a:decimal128", "character 13: expected the precision and scale"),
        ("a:decimal128(39,1)", "character 13: a decimal128 has 1 to 38 digits"),
        ("a:decimal128(3,4)", "character 13: a decimal128 has 1 to 38 digits"),
        ("a:timestamp[min]", "character 12: expected the unit of timestamp"),
        ("a:timestamp[us, tz=Mars/Olympus]", "character 12: unknown time zone Mars/Olympus"),
    ],
)
def test_a_mistake_is_said_with_its_position(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_schema(text)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"--schema '{text}', ")


simple = st.sampled_from(["bool", "int8", "uint64", "float", "double", "string", "date32[day]", "timestamp[ms]"])
kinds = st.recursive(
    simple,
    lambda inner: (
        inner.map("list<{}>".format)
        | st.lists(inner, min_size=1, max_size=3).map(
            lambda fields: f"struct<{', '.join(f'f{number}: {kind}' for number, kind in enumerate(fields))}>"
        )
    ),
)


@given(kinds)
def test_what_arrow_prints_is_understood(text: str) -> None:
    [kind] = parse_schema(f"x:{text.replace('date32[day]', 'date32')}").values()
    assert str(kind).replace("item: ", "") == text
