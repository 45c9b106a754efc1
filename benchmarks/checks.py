"""How many bad translations the checks find, how many good ones they flag, and what they cost.

    python -m benchmarks.checks [--repeats 20]
    python -m benchmarks.checks --pairs FILE [--wrong FILE]

The texts are those of ``tests/transforms/text/corpus``: clean pairs by hand, and faults made from them. Every third
clean pair was held out: its false flags were counted, never looked at. Faults were looked at, those made from held-out
pairs too: their column shows other texts, not other ways to fail.

With ``--pairs``, the false alarms and the faults are those of your own correct pairs: JSON lines with the keys
``french`` and ``english``. With ``--wrong``, the share of your own wrong answers that are seen: lines with the keys
``french`` and ``answer``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.fault_kinds import KINDS
from benchmarks.fault_kinds import faults as faults_of_kind
from benchmarks.fault_sentences import Fault as MadeFault
from tests.transforms.text.clean_pairs import Pair, clean_pairs, held_out, tuned_on
from tests.transforms.text.mutations import MUTATIONS, PROMPT_TEXTS, Fault, faults
from transforms.text import flags
from transforms.text.checks import check
from transforms.text.stripping.cleaning import clean
from transforms.text.stripping.strip import strip

SHORTEST, LONGEST = 250, 350


def found(source: str, answer: str) -> tuple[str, ...]:
    """All flags of an answer, those of stripping first."""
    text, stripped = strip(answer, source)
    return (*stripped, *check(source, text, PROMPT_TEXTS))


def seen(flag: str, fault: Fault) -> bool:
    """Whether a fault is flagged as what it is, or stripped to the right text."""
    return flag in found(fault.source, fault.answer) or strip(fault.answer, fault.source)[0] == fault.pair.english


def share(flag: str, made: list[Fault]) -> str:
    """How many of the faults are flagged as what they are, or stripped to the right text, as text."""
    return f"{sum(seen(flag, fault) for fault in made) / max(1, len(made)):7.1%}"


def false_flags(pairs: list[Pair]) -> tuple[int, Counter[str]]:
    """How many clean pairs have a flag, and which."""
    flagged = [flags_ for pair in pairs if (flags_ := found(pair.french, pair.english))]
    return len(flagged), Counter(flag for flags_ in flagged for flag in flags_)


LONG = "from 300"
LENGTHS = (
    ("under 20", range(20)),
    ("20 to 79", range(20, 80)),
    ("80 to 299", range(80, 300)),
    (LONG, range(300, sys.maxsize)),
    ("all", range(sys.maxsize)),
)


MOST_HARD: Final = 0.0002
MOST_SOFT: Final = 0.01
MOST_SOFT_LONG: Final = 0.03
"""Shares of correct pairs with a hard flag, and with soft ones only: those from 300 characters on have more."""


def by_length(pairs: list[Pair]) -> Iterator[str]:
    """False alarms on clean pairs by the characters of the source, one line each."""
    flagged = [(len(pair.french), found(pair.french, pair.english)) for pair in pairs]
    yield f"{'characters':12} pairs      hard    goal         soft only   goal"
    for name, lengths in LENGTHS:
        part = [flags_ for length, flags_ in flagged if length in lengths]
        hard = sum(any(flag in flags.HARD for flag in each) for each in part)
        soft = sum(bool(each) for each in part) - hard
        count = max(1, len(part))
        most = MOST_SOFT_LONG if name == LONG else MOST_SOFT
        yield (
            f"{name:12} {len(part):5}  {hard / count:8.3%}  {MOST_HARD:6.2%} {_met(hard <= MOST_HARD * count):7}"
            f"  {soft / count:8.2%}  {most:5.1%} {_met(soft <= most * count)}"
        )


def by_kind(pairs: list[Pair]) -> Iterator[str]:
    """Which share of each kind of fault is seen: flagged, or stripped to the right text."""
    yield f"{'kind of fault':34} faults     seen   goal"
    for kind in KINDS:
        made = faults_of_kind(kind, pairs)
        if made:
            share_seen = sum(map(is_seen, made)) / len(made)
            met = _met(share_seen >= kind.goal)
            yield f"{kind.name:34} {len(made):6}  {share_seen:7.1%}  {kind.goal:5.0%} {met}"


def is_seen(fault: MadeFault) -> bool:
    """Whether an answer has any flag of the checks, or is stripped to the right text."""
    text, _ = strip(clean(fault.answer, fault.source)[0], fault.source)
    return text.split() == fault.right.split() or bool(check(fault.source, text, PROMPT_TEXTS, fault.context))


def _met(met: bool) -> str:
    return "met" if met else "missed"


def wrong_seen(path: Path) -> str:
    """The share of a file's wrong answers that are flagged, as a line."""
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    flagged = sum(bool(found(row["french"], row["answer"])) for row in rows)
    return f"wrong answers of {path.name}: {flagged / max(1, len(rows)):.1%} of {len(rows)} seen"


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a file of JSON lines with the keys ``french`` and ``english``."""
    with path.open(encoding="utf-8") as lines:
        return [Pair(path.stem, row["french"], row["english"]) for row in map(json.loads, lines)]


def milliseconds(pairs: list[Pair], repeats: int) -> float:
    """Of ``strip`` and ``check`` for one pair: the mean of the fastest round."""
    rounds = []
    for _ in range(repeats):
        started = time.perf_counter()
        for pair in pairs:
            found(pair.french, pair.english)
        rounds.append(time.perf_counter() - started)
    return 1000 * min(rounds) / len(pairs)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--wrong", type=Path)
    given = parser.parse_args()
    if given.pairs:
        own = read_pairs(given.pairs)
        print(*by_length(own), *by_kind(own), sep="\n")
    if given.wrong:
        print(wrong_seen(given.wrong))
    if given.pairs or given.wrong:
        return
    repeats = given.repeats
    pairs = clean_pairs()
    _, wrong = false_flags(pairs)
    print(f"{'flag':22} {'kind':4} faults   found  held out  false flags")
    for flag in MUTATIONS:
        made = list(faults(flag))
        apart = [fault for fault in made if fault.held_out]
        kind = "hard" if flag in flags.HARD else "soft"
        print(f"{flag:22} {kind} {len(made):6} {share(flag, made)}   {share(flag, apart)}  {wrong[flag]:11}")
    for name, part in (("all", pairs), ("tuned on", tuned_on(pairs)), ("held out", held_out(pairs))):
        flagged, _ = false_flags(part)
        print(f"clean pairs, {name}: {flagged} of {len(part)} with a hard or soft flag ({flagged / len(part):.1%})")
    print(*by_length(pairs), *by_kind(pairs), sep="\n")
    some = [pair for pair in pairs if SHORTEST <= len(pair.french) <= LONGEST]
    mean = sum(len(pair.french) for pair in some) / len(some)
    print(
        f"{milliseconds(some, repeats):.3f} ms for a pair of {mean:.0f} characters (strip and check, {len(some)} pairs)"
    )


if __name__ == "__main__":
    main()
