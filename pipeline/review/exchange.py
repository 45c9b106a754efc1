"""Files for a review outside the terminal: rows to review out, translations in. CSV, JSON lines and XLIFF 1.2."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pipeline.review.apply import Decision
from pipeline.review.rows import ReviewRow
from transforms.errors import UsageError

FORMATS = (".csv", ".jsonl", ".xliff")
FIELDS = ("part", "row", "column", "status", "flags", "error", "evidence", "source", "candidate", "translation")
"""Fields of CSV and JSON lines. ``translation`` is empty: rows where a person fills it in are imported."""

MAX_FIELD_CHARACTERS = 1 << 30
XLIFF = "urn:oasis:names:tc:xliff:document:1.2"
DONE_STATES = frozenset({"translated", "final", "signed-off"})
"""States of a target that are imported; exported candidates have another state."""

_CONTROL = {code: "\ufffd" for code in range(32) if code not in (9, 10, 13)} | {0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}
"""Characters that XML can't hold."""


def check_format(path: str) -> str:
    """The format of a file, by its name.

    Raises:
        UsageError: The name has another suffix.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise UsageError(f"{path}: the name must end in {', '.join(FORMATS)}")
    return suffix


def export_rows(rows: Iterable[ReviewRow], path: str) -> int:
    """Write rows to a file, and return their number.

    Raises:
        UsageError: The file can't be written, or its name has another suffix.
    """
    suffix = check_format(path)
    count = 0
    try:
        with Path(path).open("w", encoding="utf-8", errors="replace", newline="") as file:
            if suffix == ".xliff":
                units = list(rows)
                file.write(_xliff(units))
                return len(units)
            writer = csv.DictWriter(file, FIELDS)
            if suffix == ".csv":
                writer.writeheader()
            for count, row in enumerate(rows, 1):  # noqa: B007 - the last number is the count
                values = _values(row)
                if suffix == ".csv":
                    writer.writerow({**values, "flags": " ".join(row.flags)})
                else:
                    file.write(json.dumps(values, ensure_ascii=False) + "\n")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    except csv.Error as error:  # Python 3.10 cannot write NUL
        raise UsageError(f"cannot write {path}: CSV cannot hold a text ({error}); export to .jsonl instead") from error
    return count


def import_decisions(path: str) -> list[Decision]:
    """Read the translations that a person has filled in.

    Raises:
        UsageError: The file can't be read, or is not an exported one.
    """
    suffix = check_format(path)
    limit = csv.field_size_limit(MAX_FIELD_CHARACTERS)
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            if suffix == ".xliff":
                return list(_xliff_decisions(file.read()))
            found: Iterable[dict[str, Any]]
            found = csv.DictReader(file) if suffix == ".csv" else (json.loads(line) for line in file if line.strip())
            return [
                Decision(str(row["part"]), int(row["row"]), str(row["column"]), str(row["source"]), row["translation"])
                for row in found
                if row["translation"]
            ]
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    except (KeyError, TypeError, ValueError, csv.Error, ElementTree.ParseError) as error:
        raise UsageError(f"{path} is not a file that review has exported: {type(error).__name__}: {error}") from error
    finally:
        csv.field_size_limit(limit)  # it holds for the whole process


def _values(row: ReviewRow) -> dict[str, Any]:
    return {
        "part": row.part,
        "row": row.row,
        "column": row.column,
        "status": row.status,
        "flags": list(row.flags),
        "error": row.error,
        "evidence": row.evidence,
        "source": row.source,
        "candidate": row.english,
        "translation": "",
    }


def _xliff(rows: Iterable[ReviewRow]) -> str:
    ElementTree.register_namespace("", XLIFF)
    root = ElementTree.Element(f"{{{XLIFF}}}xliff", version="1.2")
    bodies: dict[str, ElementTree.Element] = {}
    for row in rows:
        if row.part not in bodies:
            attributes = {
                "original": row.part,
                "source-language": "fr",
                "target-language": "en",
                "datatype": "plaintext",
            }
            file = ElementTree.SubElement(root, f"{{{XLIFF}}}file", attributes)
            bodies[row.part] = ElementTree.SubElement(file, f"{{{XLIFF}}}body")
        unit = ElementTree.SubElement(
            bodies[row.part], f"{{{XLIFF}}}trans-unit", {"id": f"{row.row}:{row.column}", "xml:space": "preserve"}
        )
        ElementTree.SubElement(unit, f"{{{XLIFF}}}source").text = row.source.translate(_CONTROL)
        target = ElementTree.SubElement(unit, f"{{{XLIFF}}}target", state="needs-review-translation")
        target.text = row.english.translate(_CONTROL)
        notes = filter(None, (row.status, ", ".join(row.flags), row.error, row.evidence))
        ElementTree.SubElement(unit, f"{{{XLIFF}}}note").text = "; ".join(notes).translate(_CONTROL)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _xliff_decisions(text: str) -> Iterator[Decision]:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("document types are not accepted")
    names = {"x": XLIFF}
    root = ElementTree.fromstring(text)  # noqa: S314 - without a document type there are no entities to expand
    if root.tag != f"{{{XLIFF}}}xliff":
        raise ValueError("the root element is not XLIFF 1.2")
    for file in root.iterfind("x:file", names):
        for unit in file.iterfind("x:body/x:trans-unit", names):
            target = unit.find("x:target", names)
            if target is None or target.get("state") not in DONE_STATES:
                continue
            if english := "".join(target.itertext()):
                row, _, column = unit.attrib["id"].partition(":")
                source = "".join(unit.find("x:source", names).itertext())  # type: ignore[union-attr]
                yield Decision(file.attrib["original"], int(row), column, source, english)
