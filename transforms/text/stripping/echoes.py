"""The source once more in the answer, before its translation or beside it: 'msgid "…"', "You wrote: …", "… = …"."""

from __future__ import annotations

import re
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.alignment import coverage, keys_of, words_of
from transforms.text.words.language_words import FRENCH
from transforms.text.words.lexicon import is_only_french
from transforms.text.words.reading import read

_LEAST_CHARS: Final = 12
_LEAST_BLANKS: Final = 2
"""Of two words, one may be French by chance, and both be a name: "Saint Martin (French part)"."""
_LEAST_LONGER: Final = 1.3
"""An answer that repeats the source and translates it is so much longer."""
_LEAST_COVERED: Final = 0.34
_LONGEST_LINE: Final = 80
_AFTER = re.compile(r"""["'”»`)\]}.,;:!?]{0,4}[ \t]*(?:\n\s*|(?:=>?|->|[→⇒|:])\s*)""")
_REST_OF_LINE = re.compile(rf"[^\n]{{0,{_LONGEST_LINE}}}\n\s*")


def repeats_source(text: str, source: str) -> bool:
    """Whether an answer has the whole of a French source and more, too."""
    if len(source) < _LEAST_CHARS or len(text) < _LEAST_LONGER * len(source) or source not in text:
        return False
    words = read(source).low_set
    return " " in source and (not FRENCH.isdisjoint(words) or any(map(is_only_french, words)))


def without_echo(text: str, source: str) -> str:
    """What follows the source in ``text``, if it is the translation."""
    if not repeats_source(text, source.strip()):
        return text
    after = text.rpartition(source.strip())[2]
    words = words_of(source)
    for pattern in (_AFTER, _REST_OF_LINE):
        if not (match := pattern.match(after)):
            continue
        rest = after[match.end() :]
        if rest and coverage(words, keys_of(rest)) >= _LEAST_COVERED:
            return rest.rstrip(" |") if "|" in match[0] else rest
    return text


def echo_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """prompt_leak: the source in the answer, beside something else."""
    repeated = source.strip()
    leaked = repeated.count(" ") >= _LEAST_BLANKS and repeats_source(translation, repeated)
    return (finding(flags.PROMPT_LEAK, repeated),) if leaked else ()
