"""Kinds of faults that models make, each made by code from correct pairs, with the share that the checks should see.

A kind takes the pairs and a random generator and yields bad answers, or nothing where the pairs have not what it needs.
"""

from __future__ import annotations

import html
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from benchmarks.fault_facts import DOMAINS, ENTITIES, VARIABLES, added_to_each, date, kept, scale, unit
from benchmarks.fault_forms import invisible, label_or_lead, omitted, said_in_two_ways, unknown_token, wrapped
from benchmarks.fault_sentences import (
    WORD,
    Fault,
    added,
    another_text,
    count_words,
    dropped,
    dropped_from_long,
    is_sentence,
    paragraph_dropped,
    prose,
    replaced,
    twice,
)
from benchmarks.fault_talk import apology, remark
from tests.transforms.text.clean_pairs import Pair
from tests.transforms.text.mutations import TOKENS, phrases
from transforms.text.words.english import is_english_word

MOST_FAULTS: Final = 300
"""Of each kind."""

_ROMANCE_AND_GERMANIC: Final = frozenset(("es", "pt", "it", "de", "nl"))


class Kind(NamedTuple):
    """A kind of fault.

    Attributes:
        name: For people.
        goal: The share that should be seen, 0 to 1.
        make: The faults of some pairs.
    """

    name: str
    goal: float
    make: Callable[[Sequence[Pair], random.Random], Iterator[Fault]]


def faults(kind: Kind, pairs: Sequence[Pair]) -> list[Fault]:
    """At most ``MOST_FAULTS`` faults of a kind, always the same ones for the same pairs."""
    rng = random.Random(kind.name)
    shuffled = list(pairs)
    rng.shuffle(shuffled)
    return list(islice(kind.make(shuffled, rng), MOST_FAULTS))


def _loop(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    for pair in prose(pairs, 10):
        words = pair.english.split()
        if len(words) > 8:
            place, length = rng.randrange(len(words) - 6), rng.randint(2, 6)
            looped = words[place : place + length] * rng.randint(5, 12)
            yield Fault(pair.french, " ".join([*words[:place], *looped]), pair.english)


def _title_copied(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    for pair in _titles(pairs):
        yield Fault(pair.french, pair.french, pair.english)


def _titles(pairs: Sequence[Pair]) -> Iterator[Pair]:
    """Pairs of two to eight words without an end mark, whose texts differ in more than names and marks."""
    for pair in pairs:
        if "\n" in pair.french or not 2 <= count_words(pair.french) <= 8 or pair.french[-1] in ".!?:…,;":
            continue
        new = {word.lower() for word in WORD.findall(pair.french)} - set(WORD.findall(pair.english.lower()))
        if any(len(word) > 3 and not is_english_word(word) for word in new):
            yield pair


def _table_copied(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    titles = [pair for pair in _titles(pairs) if len(pair.french) < 40 and "|" not in pair.french]
    for number in range(0, len(titles) - 4, 4):
        cells = [(pair.french, pair.english) for pair in titles[number : number + 4]]
        french, english = (
            f"| {row[0]} | {row[1]} |\n|---|---|\n| {row[2]} | 12 |\n| {row[3]} | 7 |"
            for row in zip(*cells, strict=True)
        )
        yield Fault(french, french, english)


def _json_copied(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    titles = list(_titles(pairs))
    for first, second in zip(titles[::2], titles[1::2], strict=False):
        french, english = (
            json.dumps({"id": 4, "title": texts[0], "text": texts[1]}, ensure_ascii=False)
            for texts in ((first.french, second.french), (first.english, second.english))
        )
        yield Fault(french, french, english)


def _word_copied(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    known: set[str] = set()
    for pair in prose(pairs):
        english = set(WORD.findall(pair.english.lower()))
        for word in WORD.findall(pair.french)[1:]:
            if len(word) > 4 and word.islower() and word not in known | english and not is_english_word(word):
                known.add(word)
                yield Fault(word.capitalize(), word.capitalize(), "")
                break


def _copied(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    for pair in prose(pairs, 6):
        yield Fault(pair.french, pair.french, pair.english)


def _nearly_copied(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    for pair in prose(pairs, 8):
        words = pair.french.split(" ")
        place = rng.randrange(len(words))
        changed = rng.choice(([], ["the"]))
        yield Fault(pair.french, " ".join([*words[:place], *changed, *words[place + 1 :]]), pair.english)


def _line_left(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    titles = list(_titles(pairs))
    bodies = (pair for pair in prose(pairs, 8) if "\n" not in pair.french and is_sentence(pair.french))
    for title, body in zip(titles, bodies, strict=False):
        yield Fault(
            f"{title.french}\n{body.french}", f"{title.french}\n{body.english}", f"{title.english}\n{body.english}"
        )


def _word_left(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    for pair in prose(pairs, 6):
        english = set(WORD.findall(pair.english.lower()))
        left = [
            word
            for word in re.findall(r"(?<![\w'’-])[a-zà-ÿ]{5,}(?![\w'’-])", pair.french)
            if word not in english and not is_english_word(word)
        ]
        places = list(re.finditer(r"(?<![\w'’-])[a-z]{5,}(?![\w'’-])", pair.english))
        if left and places:
            place = rng.choice(places)
            answer = pair.english[: place.start()] + rng.choice(left) + pair.english[place.end() :]
            yield Fault(pair.french, answer, pair.english)


def _in_other_language(short: bool, some: bool | None, pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    """Answers in other languages: of 25 to 80 characters, or of 120 and more, in ``some`` languages or the others."""
    texts: dict[str, list[tuple[str, str]]] = {}
    for line in phrases("languages.tsv"):
        code, french, answer = line.split("\t")
        if some is None or some == (code in _ROMANCE_AND_GERMANIC):
            texts.setdefault(code, []).append((french, answer))
    for each in texts.values():
        if short:
            yield from (Fault(french, answer, "") for french, answer in each if 25 <= len(answer) <= 80)
        for first in range(0 if short else len(each) - 3):
            chosen = each[first : first + 4]
            source, other = (" ".join(text[side] for text in chosen) for side in (0, 1))
            yield Fault(source, other, "")


def _with_tokens(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    shapes = (*TOKENS, "<thinking>A French text.</thinking>{}", '{"translation": "{}"}', "▁{}", "<s> {} </s>")
    for number, pair in enumerate(prose(pairs)):
        text = pair.english
        shape = shapes[number % len(shapes)]
        if shape.startswith('{"'):
            text = json.dumps(text, ensure_ascii=False)[1:-1]
        if shape == "▁{}":
            text = text.replace(" ", "▁")
        yield Fault(pair.french, shape.replace("{}", text), pair.english)


def _with_marks(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    for pair in prose(pairs):
        if "\n" not in pair.french and pair.french[0].isalpha() and pair.english[0].isalpha():
            shape = rng.choice(("# {}", "> {}", "**{}**", "## {}"))
            yield Fault(pair.french, shape.format(pair.english), pair.english)


def _damaged(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    for pair in prose(pairs):
        damaged = rng.choice(("é", "’", "è", "€", "–", "\ufffd", "…", "ç"))
        if damaged != "\ufffd":
            damaged = damaged.encode().decode("cp1252", "replace")
        place = rng.randrange(len(pair.english))
        yield Fault(pair.french, pair.english[:place] + damaged + pair.english[place:], pair.english)


def _shouted(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    for pair in prose(pairs):
        if any(map(str.islower, pair.french)) and count_words(pair.english) >= 4:
            yield Fault(pair.french, pair.english.upper(), pair.english)


def _escaped(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    for first, second in zip(pairs[::2], pairs[1::2], strict=False):
        if (escaped := html.escape(first.english)) != first.english and "&" not in first.french + first.english:
            yield Fault(first.french, escaped, first.english)
        if "\\" not in first.french + second.french:
            yield Fault(
                f"{first.french}\n{second.french}",
                f"{first.english}\\n{second.english}",
                f"{first.english}\n{second.english}",
            )


def _with_emoji(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    for pair in prose(pairs):
        if pair.english[-1].isascii():
            tail = rng.choice(("😊", "👍🎉", "✨", "🙂 👏", "🚀", "❤️", "🙏🏼"))
            yield Fault(pair.french, f"{pair.english} {tail}", pair.english)


def _apology_before(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    for pair in prose(pairs):
        yield Fault(pair.french, apology(rng) + pair.english, pair.english)


def _remark_after(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    for pair in prose(pairs):
        yield Fault(pair.french, pair.english + remark(rng), pair.english)


def _context_translated(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    """The translation of the context, then that of the text, or nothing else."""
    whole = [pair for pair in prose(pairs, 6) if "\n" not in pair.french and is_sentence(pair.french)]
    for before, pair in zip(whole[::2], whole[1::2], strict=False):
        answer = rng.choice((f"{before.english} {pair.english}", f"{before.english}\n{pair.english}", before.english))
        yield Fault(pair.french, answer, pair.english, before.french)


KINDS: Final = (
    Kind("title copied", 0.99, _title_copied),
    Kind("table copied", 0.99, _table_copied),
    Kind("JSON copied", 0.99, _json_copied),
    Kind("one word copied", 0.99, _word_copied),
    Kind("text copied", 0.99, _copied),
    Kind("text nearly copied", 0.99, _nearly_copied),
    Kind("last sentence dropped, 3 to 8", 0.80, partial(dropped, True)),
    Kind("middle sentence dropped, 3 to 8", 0.80, partial(dropped, False)),
    Kind("sentence dropped, long text", 0.60, dropped_from_long),
    Kind("paragraph dropped", 0.98, paragraph_dropped),
    Kind("another text translated", 0.95, another_text),
    Kind("sentence replaced", 0.50, replaced),
    Kind("sentence added", 0.30, added),
    Kind("sentence twice", 0.98, twice),
    Kind("loop of a few words", 0.98, _loop),
    Kind("heading or line left French", 0.75, _line_left),
    Kind("one French word", 0.75, _word_left),
    Kind("es pt it de nl, from 120", 0.97, partial(_in_other_language, False, True)),
    Kind("other languages, from 120", 0.90, partial(_in_other_language, False, False)),
    Kind("other languages, 25 to 80", 0.70, partial(_in_other_language, True, None)),
    Kind("control tokens and wrappers", 0.99, _with_tokens),
    Kind("# > ** added", 0.99, _with_marks),
    Kind("damaged characters", 0.99, _damaged),
    Kind("all capitals", 0.99, _shouted),
    Kind("HTML escapes, literal \\n", 0.99, _escaped),
    Kind("emoji tail", 0.99, _with_emoji),
    Kind("day or month changed", 0.95, partial(added_to_each, date)),
    Kind("thousands, millions, billions", 0.95, partial(added_to_each, scale)),
    Kind("unit changed", 0.95, partial(added_to_each, unit)),
    Kind("variable changed", 0.95, partial(added_to_each, partial(kept, VARIABLES, ("Valeur : {}.", "Value: {}.")))),
    Kind("entity changed", 0.95, partial(added_to_each, partial(kept, ENTITIES, ("Valeur 12 {}.", "Value 12 {}.")))),
    Kind("bare domain changed", 0.95, partial(added_to_each, partial(kept, DOMAINS, ("Voir {}.", "See {}.")))),
    Kind("apology before", 0.95, _apology_before),
    Kind("remark after", 0.95, _remark_after),
    Kind("context translated", 0.95, _context_translated),
    Kind("label or clause before", 0.95, label_or_lead),
    Kind("marks around", 0.99, wrapped),
    Kind("tokens of no model", 0.99, unknown_token),
    Kind("invisible characters", 0.99, invisible),
    Kind("rest omitted", 0.90, omitted),
    Kind("two versions joined", 0.90, said_in_two_ways),
)
