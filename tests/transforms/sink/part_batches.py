"""Units, recipes, translated batches and a file system for the tests of the sink."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
from fsspec.implementations.memory import MemoryFileSystem

from transforms.engine.outcome import Outcome
from transforms.sink.columns import added_arrays, output_schema
from transforms.sink.dead_letters import DeadLetter
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.parts import PartResult, PartWriter, TranslatedBatch
from transforms.sink.recipe import Recipe
from transforms.sink.statistics import HostStatistics, Statistics
from transforms.source.work_units import SourceFile, WorkUnit

HOST = "http://gpu0:11434"
RECIPE = Recipe(
    model="mistral",
    model_digest="5f" * 32,
    prompt_name="general",
    prompt_text="You are a translator.\n---\n<source>\n{text}\n</source>",
    options={"temperature": 0.0, "seed": 1, "repeat_penalty": 1.1, "top_k": 40, "top_p": 0.9},
    num_ctx=4096,
    chunk_chars=3000,
    text_columns=("body",),
    fallback_digest="6f" * 32,
)
INPUT = pa.schema([pa.field("id", pa.int64()), pa.field("body", pa.string())])
SCHEMA = output_schema(INPUT, ("body",))


def unit_of(rows: int, number: int = 0, url: str = "/data/reports.parquet") -> WorkUnit:
    return WorkUnit(SourceFile(url, "parquet", None, 1000, "size=1000 mtime_ns=7"), number, 0, rows, rows)


def input_rows(start: int, rows: int, characters: int = 20) -> Any:
    """Return a record batch with the schema ``INPUT``."""
    numbers = range(start, start + rows)
    return pa.record_batch([list(numbers), [f"Texte {number}".ljust(characters, ".") for number in numbers]], INPUT)


def translated(
    unit: WorkUnit, pieces: Sequence[Any], letters: Mapping[int, Sequence[DeadLetter]] | None = None
) -> list[TranslatedBatch]:
    """Return a unit's translated batches in order. ``letters`` are the dead letters by batch index."""
    batches = []
    for index, piece in enumerate(pieces):
        rows = piece.num_rows
        outcomes = [
            Outcome(f"Text {row}", "ok", ("numbers",) if row % 7 == 0 else (), None, "generated", 1, 1, "mistral",
                    "5f" * 32, HOST, 50 + row, 1, 2, 30, 17 + row, 100, 20, "stop")
            for row in range(rows)
        ]  # fmt: skip
        schema = output_schema(piece.schema, ("body",))
        records = pa.RecordBatch.from_arrays([*piece.columns, *added_arrays(outcomes)], schema=schema)
        hosts = {HOST: HostStatistics(rows, rows, 100 * rows, 20 * rows, 0.5 * rows, Counter(reset=1))}
        statistics = Statistics(rows, Counter(ok=rows), Counter(generated=rows), requests=rows + 1, hosts=hosts)
        found = tuple((letters or {}).get(index, ()))
        batches.append(TranslatedBatch(unit, index, records, index == len(pieces) - 1, statistics, found))
    return batches


def batches_of(rows: int, batch_rows: int = 64, number: int = 0, characters: int = 20) -> list[TranslatedBatch]:
    """Return the translated batches of a unit with ``rows`` rows, in order."""
    starts = range(0, rows, batch_rows) if rows else [0]
    pieces = [input_rows(start, min(batch_rows, rows - start), characters) for start in starts]
    return translated(unit_of(rows, number), pieces)


def write_part(output: OutputDirectory, batches: Sequence[TranslatedBatch], schema: Any = SCHEMA) -> PartResult:
    return written(PartWriter(output, batches[0].unit, RECIPE, schema), batches).commit()


def written(writer: PartWriter, batches: Iterable[TranslatedBatch]) -> PartWriter:
    """Add batches to a part that is being written."""
    for batch in batches:
        writer.add(batch)
    return writer


def letter(row: int, raw: bytes | None = None) -> DeadLetter:
    """Return the dead letter of a text, or of a line that could not be read."""
    return DeadLetter(row, None if raw else "body", "bad_line" if raw else "loop", "why", raw=raw)


def files(output: OutputDirectory) -> list[str]:
    """Return the names of all files of a local output."""
    root = Path(output.url)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


class FaultyFileSystem(MemoryFileSystem):  # type: ignore[misc] # fsspec has no types
    """``faulty://…``: an in-memory file system without rename, which fails as its class attributes demand."""

    protocol: ClassVar[str] = "faulty"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    fail_put: ClassVar[BaseException | None] = None
    fail_read: ClassVar[BaseException | None] = None
    fail_remove: ClassVar[BaseException | None] = None

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        stripped: str = MemoryFileSystem._strip_protocol(path.replace("faulty://", "memory://"))
        return stripped

    def put_file(self, lpath: str, rpath: str, **kwargs: Any) -> None:
        super().put_file(lpath, rpath, **kwargs)
        if self.fail_put is not None:
            content = self.cat_file(rpath)
            self.pipe_file(rpath, content[: len(content) // 2])
            raise self.fail_put

    def _open(self, path: str, mode: str = "rb", **kwargs: Any) -> Any:
        if mode == "rb" and self.fail_read is not None and path.endswith(".parquet"):
            raise self.fail_read
        return super()._open(path, mode, **kwargs)

    def rm_file(self, path: str) -> None:
        if self.fail_remove is not None:
            raise self.fail_remove
        super().rm_file(path)
