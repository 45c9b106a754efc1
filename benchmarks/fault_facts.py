"""Faults of facts: a day, month, scale, unit, placeholder, entity or domain that became another one.

Each stands in a sentence of its own after a correct pair.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from benchmarks.fault_sentences import Fault, is_sentence, prose
from tests.transforms.text.clean_pairs import Pair

_MONTHS: Final = (
    *(("janvier", "January"), ("février", "February"), ("mars", "March"), ("avril", "April"), ("mai", "May")),
    *(("juin", "June"), ("juillet", "July"), ("août", "August"), ("septembre", "September"), ("octobre", "October")),
    *(("novembre", "November"), ("décembre", "December")),
)


def added_to_each(
    make: Callable[[random.Random], tuple[str, str, str]], pairs: Sequence[Pair], rng: random.Random
) -> Iterator[Fault]:
    """Sentences with a fact after each pair: French, bad English, right English."""
    for pair in prose(pairs):
        french, bad, right = make(rng)
        if "\n" not in pair.french and is_sentence(pair.french) and is_sentence(pair.english):
            yield Fault(f"{pair.french} {french}", f"{pair.english} {bad}", f"{pair.english} {right}")


def date(rng: random.Random) -> tuple[str, str, str]:
    """A date with another day, or another month."""
    (french, right), (_, other) = rng.sample(_MONTHS, 2)
    day = rng.randint(2, 28)
    other_day = rng.choice([each for each in range(2, 29) if each != day])
    bad = rng.choice((f"{day} {other}", f"{other} {day}", f"{other_day} {right}", f"{right} {other_day}"))
    shape = rng.choice(
        (("Échéance : le {} {}.", "Due on {}."), ("Le contrôle aura lieu le {} {}.", "The check is on {}."))
    )
    return shape[0].format(day, french), shape[1].format(bad), shape[1].format(f"{day} {right}")


def scale(rng: random.Random) -> tuple[str, str, str]:
    """Thousands, millions and billions."""
    number = rng.randint(2, 90)
    (french, right), (_, other) = rng.sample(
        (("mille", "thousand"), ("millions d'", "million"), ("milliards d'", "billion")), 2
    )
    source = f"Le coût total est de {number} {french}{'' if french.endswith(chr(39)) else ' '}euros."
    return source, f"The total cost is {number} {other} euros.", f"The total cost is {number} {right} euros."


_UNITS: Final = (
    *(("km", "km", "miles"), ("mètres", "metres", "feet"), ("kg", "kg", "pounds"), ("jours", "days", "weeks")),
    *(("heures", "hours", "minutes"), ("mois", "months", "years"), ("mg", "mg", "g"), ("litres", "litres", "gallons")),
    *(
        ("cm", "cm", "inches"),
        ("semaines", "weeks", "days"),
        ("minutes", "minutes", "hours"),
        ("ans", "years", "months"),
    ),
)


def unit(rng: random.Random) -> tuple[str, str, str]:
    """A number with another unit."""
    number, (french, right, bad) = rng.randint(31, 97), rng.choice(_UNITS)
    return f"Valeur relevée : {number} {french}.", f"Value found: {number} {bad}.", f"Value found: {number} {right}."


def kept(shapes: Sequence[tuple[str, str]], tails: tuple[str, str], rng: random.Random) -> tuple[str, str, str]:
    """Something that must stay as it is, and what a model makes of it."""
    good, bad = rng.choice(shapes)
    return tails[0].format(good), tails[1].format(bad), tails[1].format(good)


VARIABLES: Final = (
    *(("$prix_total", "$total_price"), ("$HOME", "home"), ("$nom", "$name"), ("${ville}", "${city}"), ("%s", "this")),
    *(("{montant}", "{amount}"), ("%(client)s", "the client"), ("%1$s", "it"), ("$CHEMIN", "$PATH"), ("%d", "some")),
)
ENTITIES: Final = (
    *(
        ("&euro;", "&pound;"),
        ("&rarr;", ""),
        ("&#8364;", "$"),
        ("&copy;", ""),
        ("&lt;code&gt;", "code"),
        ("&times;", ""),
    ),
    *(("&deg;C", "F"), ("&plusmn;", "")),
)
DOMAINS: Final = (
    *(
        ("mairie-exemple.fr", "mairie-example.com"),
        ("boutique.exemple.org", "shop.exemple.org"),
        ("impots.gouv.fr", ""),
    ),
    *(
        ("aide.exemple.net", "help.exemple.net"),
        ("exemple.com/tarifs", "exemple.com/prices"),
        ("exemple.be", "exemple.de"),
    ),
)
