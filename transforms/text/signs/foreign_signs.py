"""Signs and letters that neither text should have: other scripts' marks, signs within words, lost apostrophes.

They are what a wrong code page, a broken keyboard of tokens, or an escape leaves in words. What the source has, too, is
no fault, and neither are a translator's own quotation marks, dashes, arrows and signs of mathematics.
"""

from __future__ import annotations

import re
import unicodedata
from html import unescape
from typing import Final

from transforms.text.signs.emoji import EMOJI
from transforms.text.words.english import is_english_word
from transforms.text.words.reading import Reading, read
from transforms.text.words.word_sets import without_accents

_USUAL: Final = frozenset(map(chr, range(0x100))) | frozenset("\u202f“”‘’ʼ‚„–—…•€™œŒ≤≥→−×′″№℃℉℠℗ᵗʰˢⁿᵈʳᵉ")
_WIDE_BLANK: Final = "\u3000"
_FOREIGN: Final = frozenset(("So", "Sk", "Mn", "Me", "Cf", "Co", "Cn", "Lm", "Nl"))
"""Categories of Unicode that a translator from French into English does not use, unless the source does."""
_ARROWS_AND_KEYS: Final = ("\u2190", "\u23ff")
_CIRCLED = re.compile("[\u2460-\u24ff\u2776-\u2793]")
_EMOJI = re.compile(f"[{EMOJI}]")

_OTHER_LETTER = re.compile("[áãäåæìíðñòóõöøúýþßÿ\u0100-\u0151\u0154-\u02af](?<!\u0178)")
"""Latin letters that French and English words do not have, or have in words that both write alike."""
_CAPITAL_WITHIN = re.compile("[\u00c0-\u00d6\u00d8-\u00de\u0160\u017d\u0152\u0178\u0370-\u04ff](?<=[a-z].)")
_PAIR = re.compile("[\u0100-\u0151\u0154-\u0177\u0179-\u024f][^\\W\\d_a-zA-Z]")

_PAIR_WITHIN = re.compile(f"(?<=[a-z])(?=[ĂĹÄÅĆĐĽ]){_PAIR.pattern}")
"""As in "sĂĽnce": two characters of UTF-8 that were read as those of a code page."""

_USUAL_LETTERS: Final = b" " + "".join(
    letter for letter in map(chr, range(0x100)) if letter.isalpha() and (letter.isascii() or letter in "àâçèéêëîïôùûüœ")
).encode("latin-1", "ignore")
_WITHIN: Final = {
    sign: re.compile(rf"{re.escape(sign)}(?<=[a-z]{re.escape(sign)}){re.escape(sign)}{{0,2}}[a-z]")
    for sign in "~*^#$!`?°§¤¨´·•…€£¥¢"
}
"""Signs that no word has within it."""
_WITHIN_CODE: Final = {
    sign: re.compile(rf"{re.escape(sign)}(?<=[a-z]{re.escape(sign)}){re.escape(sign)}{{0,2}}[a-z]") for sign in "@|+%"
}
"""Signs that code has between letters."""
_CODE_PLURAL = re.compile(r"`[^`\s]+`{1,2}s\b")
_NO_DAMAGE: Final = {
    "`": _CODE_PLURAL,
    "#": re.compile(r"(?<![^\s(])[(\w:./?=-]*/[\w./?=-]*[a-z]#[a-z]"),
}
"""The plural of a piece of code, as in `pump`s, and a place in a page."""
_WITHIN_SIGNS: Final = frozenset(_WITHIN) | frozenset(_WITHIN_CODE)
_ENTITY_WITHIN = re.compile(r"[A-Za-z]*&(?:[A-Za-z]{2,8}|#\d{2,5}|#x[0-9A-Fa-f]{2,4});[a-z]*")
_WORD_END: Final = "</w>"
"""The end of a word in the alphabet of some models."""
_DOUBLED_APOSTROPHE = re.compile(r"['’´`](?:(?<=[a-z]['’]['’])|(?<=[a-z][´`]))(?:s|t|re|ll|ve)\b(?!['’`])")
_CONTROL = re.compile(r"_x00[0-9A-F]{2}_")
"""A control character as tables of an office write it."""

_CONTRACTED: Final = frozenset(
    "arent isnt wasnt werent dont doesnt didnt hasnt havent hadnt wouldnt couldnt shouldnt mustnt youre theyre thats"
    " youve theyve weve youll theyll".split()
)
_APOSTROPHES: Final = frozenset("'’ʼ`´")
_LEFT_APOSTROPHES: Final = frozenset("´`")
_LOST_APOSTROPHE = re.compile(r"(?<=[a-z]) s (?=[a-z])|(?<=[a-z]n) t (?=[a-z])|(?<=[uye]) (?:ll|ve|re) (?=[a-z])")
_LETTERS_ALONE: Final = frozenset(("s", "t", "ll", "ve", "re"))
_LEAST_JOINED: Final = 3


def foreign_sign(source: str, translation: str) -> str:
    """A sign or a word with a letter that does not belong there, "" if there is none."""
    there, here = read(source), read(translation)
    if not here.latin and not here.signs <= _USUAL and (sign := _foreign(here, source)):
        return sign
    if not here.letters.isascii() and _has_rare_letter(here.letters) and (word := _word_of_other_letters(there, here)):
        return word
    if not _WITHIN_SIGNS.isdisjoint(here.signs) and (within := _within_word(source, here)):
        return within
    if not _CONTRACTED.isdisjoint(here.low_set) and (lost := (_CONTRACTED & here.low_set) - there.low_set):
        return min(lost)
    if not _LETTERS_ALONE.isdisjoint(here.low_set) and _APOSTROPHES.isdisjoint(here.signs):
        match = _LOST_APOSTROPHE.search(translation)
        if match and match[0].strip() not in there.low_set:
            return match[0].strip()
    doubled = ("'" in here.signs and "''" in translation) or ("’" in here.signs and "’’" in translation)
    if doubled or not _LEFT_APOSTROPHES.isdisjoint(here.signs):
        match = _DOUBLED_APOSTROPHE.search(translation)
        if match and match[0] not in source and not (match[0] == "`s" and _CODE_PLURAL.search(translation)):
            return match[0]
    if "_" in here.signs:
        if (match := _CONTROL.search(translation)) and match[0] not in source:
            return match[0]
        return _joined_by_signs(there, here)
    return ""


def _foreign(here: Reading, source: str) -> str:
    for sign in sorted(here.signs - _USUAL):
        if sign not in source and (
            unicodedata.category(sign) in _FOREIGN or sign == _WIDE_BLANK or _CIRCLED.match(sign)
        ):
            first, last = _ARROWS_AND_KEYS
            if not first <= sign <= last and not _EMOJI.match(sign):
                return sign
    return ""


def _has_rare_letter(letters: str) -> bool:
    """Whether a letter is none of most texts. Bytes tell it in a small part of the time that a pattern takes."""
    rest = letters.encode("latin-1", "replace").translate(None, _USUAL_LETTERS)
    return bool(rest)


def _word_of_other_letters(there: Reading, here: Reading) -> str:
    """A word with a letter that the source has nowhere.

    In what may be a name, it is one that is English without its accents; elsewhere, any one in lower case.
    """
    is_name = len(here.text) <= LONGEST_NAME
    if (match := _CAPITAL_WITHIN.search(here.letters)) and match[0] not in there.letters:
        return match[0]
    if not _OTHER_LETTER.search(here.letters):
        return ""
    for word in here.words:
        if not word.isascii() and (match := _OTHER_LETTER.search(word)) and match[0] not in there.letters:
            plain = plain_letters(word.lower())
            damaged = is_english_word(plain) if is_name else word.islower()
            if (damaged or (_PAIR_WITHIN if is_name else _PAIR).search(word)) and plain not in there.low_set:
                return word
    return ""


LONGEST_NAME: Final = 24
"""Characters of what may be a name in another language."""
_LOOKALIKES: Final = str.maketrans("ıłøđħŧſß", "ilodhtss")
"""Letters that no accent makes."""


def plain_letters(low: str) -> str:
    """A word in lower case with the letters of English that its own look like."""
    return without_accents(low.translate(_LOOKALIKES))


def _within_word(source: str, here: Reading) -> str:
    for sign in sorted(_WITHIN_SIGNS & here.signs):
        pattern = _WITHIN.get(sign) or _WITHIN_CODE[sign]
        found = pattern.findall(here.text)
        if not found or (sign == "+" and len(found) == 1):  # ctrl+click
            continue
        if len(found) > len(pattern.findall(source)) if sign in _WITHIN else sign not in source:
            own = _NO_DAMAGE.get(sign)
            if own is None or len(found) > len(own.findall(here.text)):
                return str(found[0])
    return ""


def _joined_by_signs(there: Reading, here: Reading) -> str:
    """An answer without blanks, whose words an underscore joins: A_map_of_it."""
    if " " in here.signs or "_" in there.signs or " " not in there.signs or "(" in here.signs:
        return ""
    return here.text if here.text.count("_") + 1 >= _LEAST_JOINED else ""


def broken_entity(source: str, translation: str) -> str:
    """A letter in HTML's writing within a word that the source does not have."""
    if _WORD_END in translation and _WORD_END not in source:
        return _WORD_END
    if "&" in translation:
        for match in _ENTITY_WITHIN.finditer(translation):
            word = unescape(match[0])
            if word.isalpha() and not word.isascii() and word not in source and match[0] not in source:
                return match[0]
    return ""
