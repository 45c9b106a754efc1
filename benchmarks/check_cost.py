"""What cleaning and checking an answer costs, by the length of the text.

    python -m benchmarks.check_cost [--rounds 5] [--against DIRECTORY] [--pairs FILE]

The texts are clean pairs of ``tests/transforms/text/corpus``, or your own: JSON lines with the keys ``french`` and
``english``. Longer ones are joined of whole sentences in random order. The project's pairs have far more numbers and
signs than other texts, and cost more.
The time is that of what the engine calls for each answer, as CPU time per 300 characters of source, with the garbage
collector set as in a run. With ``--against``, another checkout is measured in turn with this one, so that both see the
same machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

LENGTHS = (100, 300, 1_000, 7_000, 30_000)
CHARACTERS = 120_000
LEAST_TEXTS = 10
PARAGRAPH = 5
REPEATS = 3


@cache
def parts(length: int, file: Path | None) -> list[tuple[str, str]]:
    """The correct pairs of which texts of about ``length`` characters are joined."""
    if file:
        lines = file.read_text(encoding="utf-8").splitlines()
        pairs = [(pair["french"].strip(), pair["english"].strip()) for pair in map(json.loads, lines)]
    else:
        from tests.transforms.text.clean_pairs import clean_pairs

        pairs = [(pair.french, pair.english) for pair in clean_pairs()]
    return [
        (french, english)
        for french, english in pairs
        if 0 < len(french) < min(320, 1.2 * length)
        and "\n" not in french
        and (length == LENGTHS[0] or (french[-1] in ".!?" and english[-1:] in set(".!?")))
    ]


def joined(length: int, rng: random.Random, file: Path | None) -> tuple[str, str]:
    """A text of about ``length`` characters, in paragraphs, with its translation."""
    pairs = parts(length, file)
    french, english = "", ""
    number = 0
    while len(french) < 0.9 * length:
        original, translation = rng.choice(pairs)
        if len(french) + len(original) < 1.2 * length:
            number += 1
            mark = "" if not french else "\n\n" if number % PARAGRAPH == 0 else " "
            french, english = f"{french}{mark}{original}", f"{english}{mark}{translation}"
    return french, english


def milliseconds(length: int, file: Path | None) -> float:
    """CPU milliseconds per 300 characters of source: the best of some rounds over different texts."""
    from transforms.text.candidates import assess
    from transforms.text.request.prompts import GENERAL
    from transforms.text.request.repeated_characters import shorten

    rng = random.Random(length)
    texts = [joined(length, rng, file) for _ in range(max(LEAST_TEXTS, CHARACTERS // length))]
    best = float("inf")
    for _ in range(REPEATS + 1):
        started = time.process_time()
        for source, answer in texts:
            assess(answer, source, shorten(source), GENERAL, "repair")
        best = min(best, time.process_time() - started)
    return 1000 * best * 300 / sum(len(source) for source, _ in texts)


def measured(checkout: Path, file: Path | None) -> dict[str, float]:
    """The figures of a checkout, by length, taken in a process of its own."""
    command = [sys.executable, str(Path(__file__).resolve()), "--once", *(["--pairs", str(file)] if file else [])]
    environment = {**os.environ, "PYTHONPATH": str(checkout.resolve())}
    output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
    figures: dict[str, float] = json.loads(output)
    return figures


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--pairs", type=Path, help="your own correct pairs")
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        from pipeline.process_limits import calm_collector

        calm_collector()
        print(json.dumps({str(length): milliseconds(length, given.pairs) for length in LENGTHS}))
        return
    checkouts = [Path(__file__).parents[1], *([given.against] if given.against else [])]
    rounds = [[measured(checkout, given.pairs) for checkout in checkouts] for _ in range(given.rounds)]
    print("ms per 300 characters at" + "".join(f"{length:>9,}" for length in LENGTHS))
    for number, name in enumerate(("this checkout", "the other one")[: len(checkouts)]):
        best = [min(each[number][str(length)] for each in rounds) for length in LENGTHS]
        print(f"{name:24}" + "".join(f"{figure:9.3f}" for figure in best))


if __name__ == "__main__":
    main()
