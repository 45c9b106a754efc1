"""Which columns are translated, and how their texts are read."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import pyarrow as pa

from transforms.errors import UsageError

DEFAULT = "text"


def choose_text_columns(
    schema: pa.Schema,
    wanted: Sequence[str],
    source: str,
    model_column: str | None = None,
    has_encoding: bool = False,
) -> tuple[str, ...]:
    """Return the columns to translate in a file.

    A column without a type (all its values are null) counts as text if it is wanted.

    Args:
        schema: Schema of the file.
        wanted: Columns that the user has named. If there are none: ``text`` if it exists, else the only string column.
        source: The file, for the message.
        model_column: A text column that must exist and is not translated.
        has_encoding: Whether the encoding of binary columns is known, so that they may be translated.

    Raises:
        UsageError: A column is missing, ambiguous or not text, or there is no single candidate.
    """
    candidates = [field.name for field in schema if is_text(field.type) and field.name != model_column]
    known = f"its text columns are {_listed(candidates)}" if candidates else "it has no text column"
    if not wanted:
        # By field: a name may stand for several.
        plain = [each.name for each in schema if each.name in candidates and not pa.types.is_dictionary(each.type)]
        chosen = [DEFAULT] if DEFAULT in schema.names else plain
        if len(chosen) != 1:
            remedy = "name those to translate with --text_column" if candidates else f"its columns are {_types(schema)}"
            raise UsageError(f"cannot tell which column of {source} to translate: {known}; {remedy}{_nested(schema)}")
        wanted = chosen
    for name in wanted:
        _check(schema, name, source, candidates, known, has_encoding)
    if model_column in wanted:
        raise UsageError(f"column {model_column} names the models (--model_column), so it can't be translated, too")
    if model_column is not None:
        texts = [field.name for field in schema if is_text(field.type)]
        _check(schema, model_column, source, texts, f"its text columns are {_listed(texts) or 'none'}", False)
    return tuple(dict.fromkeys(wanted))


def may_choose(schema: pa.Schema) -> bool:
    """Return whether the text column can be chosen by this schema; not if its only candidates have no type."""
    return DEFAULT in schema.names or any(is_text(kind) for kind in schema.types)


def _check(
    schema: pa.Schema, name: str, source: str, candidates: Sequence[str], known: str, has_encoding: bool
) -> None:
    count = len(schema.get_all_field_indices(name))
    if not count:
        outer = name.partition(".")[0]
        if outer != name and outer in schema.names:
            raise UsageError(f"{source} has no column {name}, only {outer} ({schema.field(outer).type}){_remedy(name)}")
        close = difflib.get_close_matches(name, candidates or schema.names, 1)
        hint = f"; did you mean {_listed(close)}?" if close else ""
        raise UsageError(f"{source} has no column {name}: {known}{hint}")
    if count > 1:
        raise UsageError(f"{source} has {count} columns named {name}: rename one of them")
    kind = schema.field(name).type
    if is_text(kind) or pa.types.is_null(kind) or (has_encoding and is_binary(kind)):
        return
    if is_binary(kind):
        raise UsageError(
            f"column {name} of {source} is {kind}, not text: if it holds text, name its encoding, such as "
            "--text_encoding utf-8"
        )
    raise UsageError(f"column {name} of {source} is {kind}, not text: {known}{_remedy(_path_to_text(kind, name))}")


def is_text(kind: pa.DataType) -> bool:
    """Return whether a type holds strings, plain or in a dictionary."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_binary(kind: pa.DataType) -> bool:
    """Return whether a type holds bytes of any length, plain or in a dictionary."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind))


def read_texts(column: pa.Array, encoding: str = "utf-8") -> tuple[list[str | None], dict[int, str]]:
    """Return the texts of a column, and by index what is wrong with those that can't be read; these are None.

    Parquet says that strings are UTF-8, but not every program that writes it makes sure of that.

    Args:
        column: Strings, or bytes.
        encoding: Encoding of bytes.
    """
    if not is_binary(column.type):
        try:
            return column.to_pylist(), {}
        except UnicodeDecodeError:
            encoding = "utf-8"
    texts: list[str | None] = []
    faults: dict[int, str] = {}
    for index, scalar in enumerate(column):
        try:
            value = scalar.as_py()
            texts.append(value.decode(encoding) if isinstance(value, bytes) else value)
        except UnicodeDecodeError as error:
            texts.append(None)
            faults[index] = f"text is not {encoding.upper()} at byte {error.start + 1}"
    return texts, faults


def _path_to_text(kind: pa.DataType, name: str) -> str | None:
    """The place of a string in a nested type, such as ``doc.body`` or ``pages[]``."""
    if is_text(kind):
        return name
    if pa.types.is_struct(kind):
        paths = (_path_to_text(field.type, f"{name}.{field.name}") for field in kind)
        return next(filter(None, paths), None)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _path_to_text(kind.value_type, f"{name}[]")
    return None


def _nested(schema: pa.Schema) -> str:
    """How to flatten the first nested text of a schema that has no other."""
    if any(is_text(kind) for kind in schema.types):
        return ""
    return _remedy(next(filter(None, (_path_to_text(field.type, field.name) for field in schema)), None))


def _remedy(path: str | None) -> str:
    """How to make a column of a nested text; empty if there is none."""
    if path is None or not ("." in path or "[]" in path):
        return ""
    outer = path.partition("[]")[0]
    new = "text" if "[]" in path else path.rpartition(".")[2]
    value = f"unnest({outer})" if "[]" in path else path
    query = f"COPY (SELECT *, {value} AS {new} FROM 'INPUT') TO 'flat.parquet'"  # noqa: S608 - shown to the user
    return (
        f". Texts inside of lists and structs are not translated; make {path} a column first, for instance with "
        f"DuckDB: {query}"
    )


def _listed(names: Sequence[str]) -> str:
    """The names, in quotes where one would be hard to see."""
    return ", ".join(name if name and name == name.strip() else f"'{name}'" for name in names)


def _types(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} ({field.type})" for field in schema) or "none"
