"""Orders to a model in a source: worth a look, whether the model obeyed or not."""

from __future__ import annotations

import re
from typing import Final

from transforms.text import flags
from transforms.text.words.reading import read, search_sentences
from transforms.text.words.word_sets import word_set

_INJECTIONS: Final = tuple(
    (word_set(words), word_set(others), re.compile(pattern, re.IGNORECASE | re.VERBOSE))
    for words, others, pattern in (
        (
            "ignore ignorer ignores ignorez oublie oublier oublies oubliez disregard forget override tiens tenez",
            """instruction instructions consigne consignes directive directives prompt prompts rules règles above ci
            précède everything""",
            r"""\b(?:ignore[rsz]?|oublie[rsz]?|disregard|forget|override|ne\s+(?:tiens|tenez)\s+(?:pas\s+)?compte)\b
            [^.!?\n]{0,40}\b(?:instructions?|consignes?|directives?|prompts?|rules|règles|above|ci-dessus
            |(?:tout\s+)?ce\s+qui\s+précède|everything)\b""",
        ),
        (
            "prompt message jailbreak",
            "system système systeme jailbreak",
            r"\b(?:system\s+prompt|prompt\s+syst[eè]me|message\s+syst[eè]me|jailbreak)\b",
        ),
        ("developer développeur dan", "mode", r"\b(?:developer\s+mode|mode\s+développeur|DAN\s+mode)\b"),
        (
            "prompt instructions consignes",
            """print reveal show repeat affiche afficher affichez révèle révèler révèlez répète répèter répètez montre
            montrer montrez""",
            r"""\b(?:print|reveal|show|repeat|affiche[rz]?|révèle[rz]?|répète[rz]?|montre[rz]?)\b[^.!?\n]{0,30}
            \b(?:prompt|(?:your|system|initial|hidden|above|previous|tes|vos|mes|ses|ces)\b[^.!?\n]{0,20}
            \b(?:instructions|consignes)|(?:instructions|consignes)\s+(?:système|initiales|cachées|secrètes|above
            |precedentes|précédentes|reçues))\b""",
        ),
        (
            "you act pretend maintenant désormais fais agis comporte",
            "now as be you es êtes comme toi",
            r"""\b(?:you\s+are\s+now|act\s+as\s+an?|pretend\s+(?:to\s+be|you)|tu\s+es\s+(?:maintenant|désormais)
            |vous\s+êtes\s+(?:maintenant|désormais)\s+une?|fais\s+comme\s+si\s+tu|agis\s+comme|comporte-toi)\b
            [^.!?\n]{0,60}\b(?:assistant|ai|ia|model|modèle|chatbot|robot|bot|pirate|hacker|expert|limit|restrict|filtre)""",
        ),
        (
            "réponds répondez reply respond answer",
            "seulement uniquement simplement juste only just",
            r"""\b(?:réponds|répondez|reply|respond|answer)\s+
            (?:seulement|uniquement|simplement|juste|only|just)\b""",
        ),
        (
            "instruction instructions consigne consignes",
            "nouvelle nouvelles new",
            r"\b(?:nouvelles?|new)\s+(?:instructions?|consignes?)\s*:",
        ),
        ("traduis traduisez", "ne", r"\bne\s+(?:traduis|traduisez)\s+pas\b"),
        ("translate", "not don", r"\b(?:do\s+not|don['’]t)\s+translate\b"),
        ("translating", "instead", r"\binstead\s+of\s+translating\b"),
        ("traduire", "lieu", r"\bau\s+lieu\s+de\s+traduire\b"),
    )
)
"""Orders to a model: each pattern with two sets of words of which a match has one each."""
INJECTION_WORDS: Final = frozenset().union(*(words for words, _, _ in _INJECTIONS))


def injection_flags(source: str) -> tuple[str, ...]:
    """injection_suspected: the source tries to give orders to a model, whether it obeyed or not: worth a look.

    Bigger models can be more susceptible to orders in the text that they translate.
    """
    return (flags.INJECTION_SUSPECTED,) if injection_in(source) else ()


def injection_in(source: str) -> str:
    """The order to a model that a source seems to contain; empty if it has none."""
    words = read(source).low_set
    if INJECTION_WORDS.isdisjoint(words):
        return ""
    asked = (
        (pattern, signs & words)
        for signs, others, pattern in _INJECTIONS
        if not signs.isdisjoint(words) and not others.isdisjoint(words)
    )
    matches = [match for pattern, said in asked if (match := search_sentences(pattern, source, said))]
    return min(matches, key=re.Match.start)[0] if matches else ""
