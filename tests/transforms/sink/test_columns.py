from __future__ import annotations

from dataclasses import fields

import pyarrow as pa
import pytest

from transforms.engine.outcome import Outcome
from transforms.errors import UsageError
from transforms.sink.columns import ADDED, added_arrays, added_columns, column_name, output_schema


def test_every_field_of_an_outcome_is_a_column_in_order() -> None:
    assert [field.name for field in fields(Outcome)] == list(added_columns(evidence=True, confidence=True))
    assert added_columns() == ADDED
    assert column_name("body", "translation") == "body_en"
    assert column_name("body", "total_duration_ns") == "body_en_total_duration_ns"


def test_the_input_fields_come_first_and_the_metadata_are_kept() -> None:
    given = pa.schema([pa.field("id", pa.int64(), nullable=False), ("text", pa.string())], metadata={"made": "by hand"})
    schema = output_schema(given, ["text"])
    assert schema.names[:3] == ["id", "text", "text_en"]
    assert not schema.field("id").nullable
    assert schema.metadata == {b"made": b"by hand"}


def test_an_input_column_with_an_added_name_is_refused() -> None:
    given = pa.schema([("text", pa.string()), ("text_en", pa.string()), ("text_en_host", pa.string())])
    with pytest.raises(UsageError, match="columns text_en, text_en_host, which the output needs"):
        output_schema(given, ["text"])


def test_the_refusal_names_the_file_and_a_few_columns() -> None:
    part = output_schema(pa.schema([("text", pa.string())]), ["text"])
    with pytest.raises(UsageError, match=r"a\.parquet already has the columns text_en, \w+, \w+ and 15 more, which"):
        output_schema(part, ["text"], "a.parquet")


@pytest.mark.parametrize(("evidence", "confidence"), [(True, False), (False, True), (True, True)])
def test_optional_columns_follow_the_others_and_their_names_are_needed_too(evidence: bool, confidence: bool) -> None:
    columns = added_columns(evidence, confidence)
    names = ["text_en_evidence"] * evidence + ["text_en_logprob_mean", "text_en_logprob_min"] * confidence
    given = pa.schema([("text", pa.string())])
    schema = output_schema(given, ["text"], columns=columns)
    assert schema.names == [*output_schema(given, ["text"]).names, *names]
    outcome = Outcome("a", "warn", ("line_count",), evidence='{"line_count":[]}', logprob_mean=-0.5, logprob_min=-2.0)
    arrays = added_arrays([outcome, Outcome(None, "skipped")], columns)
    assert [array.type for array in arrays] == list(columns.values())
    assert {array.to_pylist()[1] for array in arrays[len(ADDED) :]} == {None}
    clash = given.append(pa.field(names[-1], pa.string()))
    assert names[-1] in output_schema(clash, ["text"]).names, "without the option, the name is free"
    with pytest.raises(UsageError, match=names[-1]):
        output_schema(clash, ["text"], columns=columns)


def test_added_arrays_have_the_documented_types() -> None:
    arrays = added_arrays([Outcome("a", "ok", flags=("chunked",), attempts=1), Outcome(None, "skipped")])
    assert [array.type for array in arrays] == list(ADDED.values())
    assert all(len(array) == 2 for array in arrays)


@pytest.mark.parametrize(
    ("taken", "words"),
    [
        (["text_en"], "the column text_en, which the output needs for the translation: rename or drop it,"),
        (["text_en", "text_en_host"], "rename or drop them, or choose another --text_column"),
    ],
)
def test_the_refusal_is_right_for_one_column_and_for_more(taken: list[str], words: str) -> None:
    given = pa.schema([(name, pa.string()) for name in ["text", *taken]])
    with pytest.raises(UsageError, match=words):
        output_schema(given, ["text"])
