"""French texts with correct human translations, on which false flags are counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "corpus" / "clean"
RECORDS = Path(__file__).parents[3] / "sample_data" / "records.jsonl"

HELD_OUT_EVERY = 3
"""Every third pair is held out. The rules were tuned on the others, so only these show whether the rules generalise."""


class Pair(NamedTuple):
    domain: str
    french: str
    english: str


def clean_pairs() -> list[Pair]:
    """Return all pairs in a fixed order: the corpus by domain, then the references of the sample data."""
    pairs = []
    for path in sorted(FOLDER.glob("*.tsv")):
        for line in path.read_text("utf-8").splitlines():
            french, english = (text.replace("\\n", "\n").replace("\\\\", "\\") for text in line.split("\t"))
            pairs.append(Pair(path.stem, french, english))
    for line in RECORDS.read_text("utf-8").splitlines():
        record = json.loads(line)
        if record["reference_en"]:
            pairs.append(Pair(record["category"], record["body"], record["reference_en"]))
    return pairs


def tuned_on(pairs: list[Pair]) -> list[Pair]:
    return [pair for number, pair in enumerate(pairs, 1) if number % HELD_OUT_EVERY]


def held_out(pairs: list[Pair]) -> list[Pair]:
    return pairs[HELD_OUT_EVERY - 1 :: HELD_OUT_EVERY]
