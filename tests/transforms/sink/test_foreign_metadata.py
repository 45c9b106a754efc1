"""Footer entries of other programs: the readers that trust them must see the added columns."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.transforms.sink.part_batches import INPUT, input_rows, translated, unit_of, write_part
from transforms.sink.columns import output_schema
from transforms.sink.foreign_metadata import part_metadata
from transforms.sink.output_directory import OutputDirectory

fastavro = pytest.importorskip("fastavro", reason="fastavro is not installed")

SPARK = b"org.apache.spark.sql.parquet.row.metadata"
AVRO = b"parquet.avro.schema"
TIMES = pd.date_range("2024-01-01", periods=60, tz="Europe/Paris")
INPUT_FIELDS = [("id", "long"), ("body", "string")]


def spark_entry() -> dict[str, Any]:
    fields = [{"name": name, "type": kind, "nullable": True, "metadata": {}} for name, kind in INPUT_FIELDS]
    return {"type": "struct", "fields": fields}


def avro_entry() -> dict[str, Any]:
    fields = [{"name": name, "type": ["null", kind], "default": None} for name, kind in INPUT_FIELDS]
    return {"type": "record", "name": "report", "namespace": "archive", "fields": fields}


def entries(given: dict[bytes, Any], first_row: int = 0, rows: int | None = None) -> dict[bytes, Any]:
    """The entries of a part, given those of the input; JSON on both sides, unless it is bytes."""
    metadata = {key: value if isinstance(value, bytes) else json.dumps(value).encode() for key, value in given.items()}
    schema = output_schema(INPUT, ("body",)).with_metadata(metadata)
    found = part_metadata(schema, first_row, rows)
    return {key: json.loads(value) if isinstance(given[key], dict) else value for key, value in found.items()}


def test_spark_sees_the_added_columns_with_their_types() -> None:
    fields = entries({SPARK: spark_entry()})[SPARK]["fields"]
    kinds = {field["name"]: field["type"] for field in fields}
    assert list(kinds) == output_schema(INPUT, ("body",)).names
    assert (kinds["id"], kinds["body_en"], kinds["body_en_attempts"], kinds["body_en_eval_count"]) == (
        "long",
        "string",
        "integer",
        "long",
    )
    assert kinds["body_en_flags"] == {"type": "array", "elementType": "string", "containsNull": True}
    assert all(field["nullable"] for field in fields)


def test_avro_sees_a_valid_schema_with_the_added_columns() -> None:
    extended = entries({AVRO: avro_entry()})[AVRO]
    parsed = fastavro.parse_schema(extended)
    assert parsed["name"] == "archive.report"
    kinds = {field["name"]: field["type"] for field in parsed["fields"]}
    assert list(kinds) == output_schema(INPUT, ("body",)).names
    row = dict.fromkeys(kinds) | {"id": 1, "body_en": "x", "body_en_flags": ["a", None], "body_en_chunks": 2}
    assert fastavro.validate(row, parsed)


def test_hugging_face_sees_the_added_columns() -> None:
    features = {"id": {"dtype": "int64", "_type": "Value"}, "body": {"dtype": "string", "_type": "Value"}}
    extended = entries({b"huggingface": {"info": {"features": features}}})[b"huggingface"]["info"]["features"]
    assert list(extended) == output_schema(INPUT, ("body",)).names
    assert extended["body_en_attempts"] == {"dtype": "int32", "_type": "Value"}
    assert extended["body_en_flags"]["_type"] == "Sequence"


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"id": range(100, 160), "body": "Texte"}),
        pd.DataFrame({"id": range(60), "body": "Texte"}, index=pd.RangeIndex(7, 127, 2, name="number")),
        pd.DataFrame({"id": range(60), "body": "Texte"}, index=[f"r{number}" for number in range(60)]),
        pd.DataFrame({"id": range(60), "body": "Texte", "kind": pd.Categorical(["a", "b"] * 30)}),
        pd.DataFrame(
            {"id": range(60), "body": "Texte", "at": pd.date_range("2024-01-01", periods=60, tz="Europe/Paris")}
        ),
    ],
    ids=["plain", "range", "named rows", "category", "times"],
)
def test_pandas_reads_the_parts_of_a_data_frame_with_its_index(tmp_path: Path, frame: pd.DataFrame) -> None:
    output = OutputDirectory(str(tmp_path / "out"))
    output.prepare()
    table = pa.Table.from_pandas(frame)
    schema = output_schema(table.schema, ("body",))
    for number, start in enumerate((0, 20, 40)):
        unit = unit_of(20, number)
        unit = type(unit)(unit.source, number, start, start + 20, 20)
        pieces = [table.slice(start, 20).combine_chunks().to_batches()[0]]
        write_part(output, translated(unit, pieces), schema)
    parts = [pd.read_parquet(path) for path in sorted(tmp_path.glob("out/part-*"))]
    read = pd.concat(parts)
    pd.testing.assert_frame_equal(read[list(frame.columns)], frame, check_freq=False, check_index_type=False)
    assert set(read["body_en_status"]) == {"ok"}


@pytest.mark.parametrize(
    "key",
    [
        b"iceberg.schema",
        b"parquet.proto.descriptor",
        b"parquet.thrift.descriptor",
        b"thrift.class",
        b"pig.schema",
        b"parquet.proto.class",
    ],
)
def test_an_entry_of_an_unknown_format_that_describes_a_schema_is_dropped(key: bytes) -> None:
    assert entries({key: b"whatever", b"owner": b"archive"}) == {b"owner": b"archive"}


@pytest.mark.parametrize("key", [SPARK, AVRO, b"pandas", b"huggingface"])
@pytest.mark.parametrize(
    "value", [b"no JSON", b"[]", b"{}", b'{"fields": [{"name": 5}]}', b"[" * 50_000, b"\xff", b"null"]
)
def test_an_entry_that_is_not_in_its_format_is_dropped(key: bytes, value: bytes) -> None:
    assert entries({key: value, b"owner": b"archive"}) == {b"owner": b"archive"}


def test_an_entry_that_describes_other_columns_is_dropped() -> None:
    other = spark_entry()
    other["fields"][0]["name"] = "renamed"
    assert entries({SPARK: other}) == {}


def test_the_users_own_entries_and_those_about_values_stay() -> None:
    own = {
        b"owner": b"archive",
        b"schema_version": b"3",
        b"geo": b'{"columns": {}}',
        b"org.apache.spark.version": b"3.5.0",
        b"org.apache.spark.legacyDateTime": b"",
        b"writer.date.proleptic": b"true",
    }
    assert entries(own) == own
    assert entries({b"translate.recipe": b"{}", b"translated": b"yes"}) == {b"translated": b"yes"}


def test_a_column_that_a_format_cannot_describe_drops_the_entry() -> None:
    fields = [*INPUT, pa.field("size", pa.decimal128(9, 2))]
    schema = pa.schema(fields, metadata={SPARK: json.dumps(spark_entry()).encode()})
    assert part_metadata(schema) == {}
    named = pa.schema([*INPUT, pa.field("prénom_en", pa.string())])
    avro = {AVRO: json.dumps(avro_entry()).encode(), SPARK: json.dumps(spark_entry()).encode()}
    assert list(part_metadata(named.with_metadata(avro))) == [SPARK]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # py4j leaves its sockets open
def test_spark_reads_the_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    session = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        session.createDataFrame([(1, "Bonjour")], "id long, body string").coalesce(1).write.parquet(f"{tmp_path}/in")
        (source,) = (tmp_path / "in").glob("*.parquet")
        output = OutputDirectory(str(tmp_path / "out"))
        output.prepare()
        schema = output_schema(pq.read_schema(source), ("body",))
        pieces = [pq.read_table(source).to_batches()[0]]
        write_part(output, translated(unit_of(1), pieces), schema)
        (row,) = session.read.parquet(f"{tmp_path}/out/part-*").collect()
    finally:
        session.stop()
    assert (row["id"], row["body"], row["body_en"], row["body_en_attempts"]) == (1, "Bonjour", "Text 0", 1)


def test_a_part_has_the_extended_entry(tmp_path: Path) -> None:
    output = OutputDirectory(str(tmp_path / "out"))
    output.prepare()
    schema = output_schema(INPUT, ("body",)).with_metadata({SPARK: json.dumps(spark_entry()), "owner": "archive"})
    result = write_part(output, translated(unit_of(3), [input_rows(0, 3)]), schema)
    metadata = pq.read_metadata(tmp_path / "out" / result.name).metadata
    assert [field["name"] for field in json.loads(metadata[SPARK])["fields"]] == schema.names
    assert metadata[b"owner"] == b"archive"


def test_pandas_sees_lists_and_strings_for_what_they_are() -> None:
    given = {"columns": [{"name": name, "field_name": name} for name, _ in INPUT_FIELDS], "index_columns": []}
    columns = {each["name"]: each for each in entries({b"pandas": given})[b"pandas"]["columns"]}
    kinds = {
        name: (columns[name]["pandas_type"], columns[name]["numpy_type"])
        for name in ("body_en", "body_en_flags", "body_en_attempts")
    }
    assert kinds == {
        "body_en": ("unicode", "object"),
        "body_en_flags": ("list[unicode]", "object"),
        "body_en_attempts": ("int32", "int32"),
    }


def test_an_entry_that_cannot_be_extended_is_dropped_and_the_others_are_kept() -> None:
    found = entries({SPARK: {"type": "map"}, AVRO: avro_entry(), b"made": b"by hand"})
    assert found.keys() == {AVRO, b"made"}
