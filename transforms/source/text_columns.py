"""Which columns are translated."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from transforms.errors import UsageError

DEFAULT = "text"


def choose_text_columns(
    schema: Any, wanted: Sequence[str], source: str, model_column: str | None = None
) -> tuple[str, ...]:
    """The columns to translate in a file.

    Args:
        schema: The file's ``pyarrow.Schema``.
        wanted: What the user has named. If nothing: ``text`` if it exists, else the only string column.
        source: The file, for the message.
        model_column: A text column that must be there and is not to be translated.

    Raises:
        UsageError: If a column is missing, ambiguous or not text, or there is no single candidate.
    """
    candidates = [field.name for field in schema if is_text(field.type) and field.name != model_column]
    known = f"its text columns are {_listed(candidates)}" if candidates else "it has no text column"
    if not wanted:
        # By field: a name may stand for several.
        plain = [each.name for each in schema if each.name in candidates and not pa.types.is_dictionary(each.type)]
        chosen = [DEFAULT] if DEFAULT in schema.names else plain
        if len(chosen) != 1:
            remedy = "name those to translate with --text_column" if candidates else f"its columns are {_types(schema)}"
            raise UsageError(f"cannot tell which column of {source} to translate: {known}; {remedy}")
        wanted = chosen
    for name in wanted:
        _check(schema, name, source, candidates, known)
    if model_column in wanted:
        raise UsageError(f"column {model_column} names the models (--model_column), so it can't be translated, too")
    if model_column is not None:
        texts = [field.name for field in schema if is_text(field.type)]
        _check(schema, model_column, source, texts, f"its text columns are {_listed(texts) or 'none'}")
    return tuple(dict.fromkeys(wanted))


def _check(schema: Any, name: str, source: str, candidates: Sequence[str], known: str) -> None:
    count = len(schema.get_all_field_indices(name))
    if not count:
        close = difflib.get_close_matches(name, candidates or schema.names, 1)
        hint = f"; did you mean {_listed(close)}?" if close else ""
        raise UsageError(f"{source} has no column {name}: {known}{hint}")
    if count > 1:
        raise UsageError(f"{source} has {count} columns named {name}: rename one of them")
    if not is_text(schema.field(name).type):
        raise UsageError(f"column {name} of {source} is {schema.field(name).type}, not text: {known}")


def is_text(kind: Any) -> bool:
    """Whether a ``pyarrow.DataType`` holds strings, plain or in a dictionary."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def read_texts(column: Any) -> tuple[list[str | None], dict[int, str]]:
    """The texts of a ``pyarrow.Array``, and what is wrong with those that can't be read, by index; they are None.

    Parquet says that strings are UTF-8, but not every program that writes it makes sure of that.
    """
    try:
        return column.to_pylist(), {}
    except UnicodeDecodeError:
        pass
    texts: list[str | None] = []
    faults: dict[int, str] = {}
    for index, value in enumerate(column):
        try:
            texts.append(value.as_py())
        except UnicodeDecodeError as error:
            texts.append(None)
            faults[index] = f"text is not UTF-8 at byte {error.start + 1}"
    return texts, faults


def _listed(names: Sequence[str]) -> str:
    """The names, in quotes where one would be hard to see."""
    return ", ".join(name if name and name == name.strip() else f"'{name}'" for name in names)


def _types(schema: Any) -> str:
    return ", ".join(f"{field.name} ({field.type})" for field in schema) or "none"
