"""JSON values converted for columns whose type is given."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from transforms.source.json_values import ExactNumber, Misfit, convert

UTC = datetime.timezone.utc


def arrow(value: Any, kind: Any) -> Any:
    """The value as Arrow keeps it."""
    return pa.array([convert(value, kind, "c")], kind)[0].as_py()


@pytest.mark.parametrize(
    ("value", "kind", "kept"),
    [
        (None, pa.int8(), None),
        ("é\ud800\0", pa.string(), "é\ufffd\0"),
        (12, pa.string(), "12"),
        (True, pa.string(), "true"),
        (ExactNumber("1.50"), pa.string(), "1.50"),
        (ExactNumber("1e5"), pa.string(), "1e5"),
        ({"a": [ExactNumber("0.10"), None, "é"]}, pa.string(), '{"a": [0.10, null, "é"]}'),
        ("2024-03-01T08:00:00+01:00", pa.timestamp("us", "UTC"), datetime.datetime(2024, 3, 1, 7, tzinfo=UTC)),
        ("2024-03-01T08:00:00.25Z", pa.timestamp("ms", "UTC"), datetime.datetime(2024, 3, 1, 8, 0, 0, 250000, UTC)),
        ("2024-03-01 08:00", pa.timestamp("s"), datetime.datetime(2024, 3, 1, 8)),  # noqa: DTZ001 - without zone
        ("2024-03-01", pa.date32(), datetime.date(2024, 3, 1)),
        ("12.50", pa.decimal128(10, 2), Decimal("12.50")),
        (12, pa.decimal128(10, 2), Decimal("12.00")),
        (ExactNumber("12345678901234567.89"), pa.decimal128(20, 2), Decimal("12345678901234567.89")),
        (ExactNumber("1e3"), pa.decimal128(10, 2), Decimal("1000.00")),
        (ExactNumber("3.0"), pa.int16(), 3),
        (ExactNumber("9007199254740993.0"), pa.int64(), 9007199254740993),
        (-128, pa.int8(), -128),
        (2**64 - 1, pa.uint64(), 2**64 - 1),
        (2**60 + 1, pa.float64(), float(2**60)),
        (ExactNumber("0.5"), pa.float32(), 0.5),
        (["2024-03-01", None], pa.list_(pa.date32()), [datetime.date(2024, 3, 1), None]),
        ({"n": 1}, pa.struct([("n", pa.string()), ("m", pa.int8())]), {"n": "1", "m": None}),
    ],
)
def test_what_converts_keeps_its_meaning(value: Any, kind: Any, kept: Any) -> None:
    assert arrow(value, kind) == kept


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ("2024-03-01T08:00:00", pa.timestamp("us", "UTC"), "ISO 8601 string with a zone"),
        ("2024-03-01T08:00:00Z", pa.timestamp("us"), "ISO 8601 string without a zone"),
        ("2024-03-01T08:00:00.5", pa.timestamp("s"), "ISO 8601"),
        ("01/03/2024", pa.date32(), "ISO 8601 string that fits date32"),
        ("\ud800", pa.date32(), "ISO 8601"),
        (1709280000, pa.timestamp("s"), "number, not timestamp"),
        ("12,50", pa.decimal128(10, 2), "not a decimal number"),
        ("1_000", pa.decimal128(10, 2), "not a decimal number"),
        ("NaN", pa.decimal128(10, 2), "not a decimal number"),
        (float("nan"), pa.decimal128(10, 2), "not a decimal number"),
        ("1.234", pa.decimal128(10, 2), "does not fit decimal128(10, 2) without loss"),
        ("1e999999999", pa.decimal128(10, 2), "not a decimal number"),
        (10**12, pa.decimal128(10, 2), "does not fit decimal128(10, 2) without loss"),
        (128, pa.int8(), "beyond the range of int8"),
        (-1, pa.uint8(), "beyond the range of uint8"),
        (ExactNumber("1.5"), pa.int64(), "no integer"),
        (ExactNumber("1e999"), pa.int64(), "no integer"),
        (True, pa.int64(), "boolean, not int64"),
        ("12", pa.int64(), "string, not int64"),
        (ExactNumber("1e39"), pa.float32(), "beyond the range of float"),
        (10**400, pa.float64(), "beyond the range of double"),
        (1, pa.bool_(), "number, not bool"),
        ("x", pa.list_(pa.string()), "string, not list"),
        ({"n": 1, "z": 2}, pa.struct([("n", pa.string())]), "a field that the schema lacks"),
        (["x", "y"], pa.list_(pa.int8()), "column c[] is string"),
        ({"n": "x"}, pa.struct([("n", pa.int8())]), "column c.n is string"),
        ({}, pa.int8(), "object, not int8"),
    ],
)
def test_what_would_change_is_a_misfit(value: Any, kind: Any, said: str) -> None:
    with pytest.raises(Misfit) as caught:
        convert(value, kind, "c")
    assert said in str(caught.value)
    assert str(caught.value).startswith("column c")
