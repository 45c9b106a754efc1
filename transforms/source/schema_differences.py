"""How the schemas of input files differ, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

_NAMED = 5
"""Maximum number of columns in a message."""


def differences(schemas: Mapping[str, pa.Schema]) -> Iterator[str]:
    """Yield a line on how the schemas of input files differ, if they do.

    Args:
        schemas: Schema by file; equal schemas are best one object, as thousands of files have few.
    """
    files: dict[int, list[str]] = {}
    for url, schema in schemas.items():
        files.setdefault(id(schema), []).append(url)
    by_schema = [(schemas[urls[0]], urls) for urls in files.values()]
    if len(by_schema) < 2:
        return
    kinds: dict[str, dict[str, list[str]]] = {}  # column, types, files
    for schema, urls in by_schema:
        for name in dict.fromkeys(schema.names):
            types = " and ".join(str(schema.field(number).type) for number in schema.get_all_field_indices(name))
            kinds.setdefault(name, {}).setdefault(types, []).extend(urls)
    remarks = []
    for name, by_type in kinds.items():
        missing = len(schemas) - sum(map(len, by_type.values()))
        if len(by_type) == 1 and not missing:
            continue
        said = [f"{kind} in {_files(urls)}" for kind, urls in by_type.items()]
        if missing:
            present = {url for urls in by_type.values() for url in urls}
            said.append(f"missing in {_files([url for url in schemas if url not in present])}")
        remarks.append(f"{name} is {', '.join(said)}")
    if remarks:
        more = f"; and {len(remarks) - _NAMED} more" if len(remarks) > _NAMED else ""
        yield f"input files differ, and so will their parts: column {'; column '.join(remarks[:_NAMED])}{more}"


def _files(urls: Sequence[str]) -> str:
    return urls[0] if len(urls) == 1 else f"{urls[0]} and {len(urls) - 1} more"
