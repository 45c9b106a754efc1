"""Options that say what is read, where the result goes, and which rows are translated."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.options import values
from pipeline.options.command_line import CommandOptions
from pipeline.options.table import flag, option, repeated

FILES = "Input and output"


def _watch_seconds(text: str) -> float | None:
    return values.duration(0.1)(text)


@dataclass(frozen=True)
class FileOptions(CommandOptions):
    """Options about input, output and translation memory."""

    input: tuple[str, ...] = repeated(
        parse=values.one(values.text),
        help="files to translate: a path, glob, directory or fsspec URL; .parquet, .jsonl, .ndjson, .json (lines), "
        "the latter three also compressed as .gz or .zst",
        group=FILES,
        metavar="PATH",
    )
    output: str = option(
        "",
        parse=values.text,
        help="directory or fsspec URL for the translated parts",
        group=FILES,
        metavar="DIRECTORY",
    )
    text_column: tuple[str, ...] = repeated(
        parse=values.one(values.column),
        help="column to translate",
        group=FILES,
        metavar="NAME",
        shown="'text', else the only text column",
    )
    schema: str | None = option(
        None,
        parse=values.text,
        help="columns and types of JSONL input, instead of inferring them: 'code:string,day:timestamp[us]'",
        group=FILES,
        metavar="COLUMNS",
    )
    text_encoding: str | None = option(
        None,
        parse=values.encoding,
        help="encoding of binary text columns, and of JSONL that is not UTF-8, such as utf-8 or cp1252",
        group=FILES,
        metavar="NAME",
    )
    unit_rows: int = option(
        5000, parse=values.whole(1), help="target number of rows per output part", group=FILES, metavar="ROWS"
    )
    memory: str = option(
        "auto",
        parse=values.text,
        help="translation memory, so that no text is translated twice: auto (a file in a local output), a file, "
        "redis://host:port/0 for several machines, or off",
        group=FILES,
        metavar="PLACE",
    )
    overwrite: bool = flag(help="re-translate everything, even with changed settings", group=FILES)
    retry_failed: bool = flag(
        help="re-translate only rows that failed or are partial; keep all other rows", group=FILES
    )
    limit: int | None = option(
        None,
        parse=values.whole(1),
        help="translate only the first rows, and show them side by side",
        group=FILES,
        metavar="ROWS",
    )
    dry_run: bool = flag(help="plan, check and estimate, but translate nothing", group=FILES)
    watch: float | None = option(
        None,
        parse=_watch_seconds,
        help="keep running: check the input every SECONDS and translate new and changed files, once they are complete",
        group=FILES,
        metavar="SECONDS",
    )
