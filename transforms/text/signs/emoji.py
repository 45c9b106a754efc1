"""Emoji and emoticons that an answer has and its source has not, or the other way round."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.reading import Reading, read

EMOJI: Final = (
    "\U0001f000-\U0001faff\u2600-\u2604\u260e\u2614\u2615\u261d\u2620\u2622\u2623\u262e\u262f\u2638-\u263a\u2648-\u2653"
    "\u2605\u2606\u2660\u2663\u2665\u2666\u267b\u267f\u2693\u26a0\u26a1\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2-\u26f5\u26fa"
    "\u26fd\u2702\u2705\u2708-\u270d\u270f\u2713\u2714\u2716-\u2718\u2728\u2733\u2734\u2744\u274c\u274e\u2753-\u2755\u2757\u2763\u2764\u27a1\u2b50\u2b55"
)
_EMOTICON = re.compile(
    r"(?<!\S)(?:[:;=]['’]?-?[)(DPpOo3*|/\\\]\[]|[xX]D+|[(]?[\^>;T][_.o-][\^<;T][)]?|\^\^|[oO]_[oO]|<3+|\\o/"
    r"|~+|!{2,}|\?{3,})\Z"
)
"""Also signs that stand apart from the last word: "The end. ~", "Done !!!"."""
_EMOTICON_ENDS: Final = frozenset(")(DPpOo3*|/\\][^<;T~!?")
_LONGEST_EMOTICON: Final = 8
_EMOTICON_WITHIN = re.compile(r"[:;](?<!\S.)-?[)(DP](?!\S)")
_SHORT_CODE = re.compile(r":(?<![\w:]:)[a-z][a-z_]{2,20}:(?![\w:`])")
_SHOUTING: Final = frozenset("!?")
_SHOUTED: Final = ("!!!", "???")
_LAUGHTER = re.compile(r"(?:(?:ha){2,3}|(?:he){2,3}|(?:hi){2,3}|lo+l|lmao|rofl)\W{0,2}\Z", re.IGNORECASE)
_LAUGHTERS: Final = frozenset("haha hahaha hehe hehehe hihi hihihi lol lool lmao rofl".split())
_TAGGED = re.compile(r"(?<!\S)#[^\W\d]\w*(?:\s+#\w+)*\s*\Z")
_LONGEST_TAGS: Final = 120
FIRST_EMOJI: Final = "\u2600"
_EMOJI = re.compile(f"[{EMOJI}]")


def emoji_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """emoji_mismatch for other emoji than the source's, or an emoticon at the end."""
    found = []
    there, here = read(source), read(translation)
    if not (there.latin and here.latin) and max(there.signs | here.signs, default="") >= FIRST_EMOJI:
        lost, new = Counter(_EMOJI.findall(source)), Counter(_EMOJI.findall(translation))
        if lost != new:
            found.append(finding(flags.EMOJI_MISMATCH, "".join(((lost - new) + (new - lost)).elements())))
    if tail := _tail(there, here):
        found.append(finding(flags.EMOJI_MISMATCH, tail))
    return tuple(found)


def _tail(there: Reading, here: Reading) -> str:
    """An emoticon, laughter or tags at the end that the source has nowhere."""
    text = here.text
    match = None
    if text[-1:] in _EMOTICON_ENDS:
        match = _EMOTICON.search(text, max(0, len(text) - _LONGEST_EMOTICON))
    if match is None and here.lows and here.lows[-1] in _LAUGHTERS:
        match = _LAUGHTER.search(text, max(0, len(text) - _LONGEST_EMOTICON))
    if match is None and ":" in here.signs and ":" not in there.signs:
        match = _EMOTICON_WITHIN.search(text) or _SHORT_CODE.search(text)
    if match is None and "#" in here.signs and "#" not in there.signs:
        match = _TAGGED.search(text, max(0, len(text) - _LONGEST_TAGS))
    if match is None and not _SHOUTING.isdisjoint(here.signs):
        return next((marks for marks in _SHOUTED if marks in text and marks[:2] not in there.text), "")
    return match[0] if match and match[0] not in there.text else ""


def without_emoji_tail(text: str) -> str:
    """``text`` without the emoji at its end, and the white space before them."""
    end = len(text)
    while end and (text[end - 1] in "\u200d\ufe0f" or text[end - 1].isspace() or _EMOJI.match(text[end - 1])):
        end -= 1
    return text[:end] if _EMOJI.search(text, end) else text
