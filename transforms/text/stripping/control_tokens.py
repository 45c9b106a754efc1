"""Tokens of chat templates and tokenizers in an answer, known by their form, whatever the model.

They stand between turns, channels and words. What stands around them is looked at: the piece that has most of the
source's words is the translation.
"""

from __future__ import annotations

import json
import re
from itertools import repeat
from typing import Final

from transforms.text.signs.invariants import HTML_TAGS
from transforms.text.stripping.cleaning import THOUGHT
from transforms.text.words.alignment import coverage, keys_of, words_of
from transforms.text.words.reading import read

_NAMES: Final = (
    "s|unk|UNK|pad|PAD|eos|EOS|bos|BOS|eot|EOT|eom|EOM|eod|EOD|end|END|stop|STOP|start|START|sep|SEP|cls|CLS|mask|MASK"
    "|nl|NL|newline|endoftext|im_end|im_start|done|DONE|en|EN|fr|FR|EN-US|en-US|Translation|TRANSLATION|OUTPUT|ANSWER"
)
_FORMS: Final = r"""[<‹＜][|｜][^\n<>|｜]{0,60}[|｜][>›＞]                # <|eot_id|>, <｜end▁of▁sentence｜>
    | \[/?(?:INST|SYS|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|PREFIX|SUFFIX|MIDDLE|CLS|SEP|PAD|UNK|MASK
      |BOS|EOS|EOT|END|STOP|TOOL|DONE|IMG|EN|FR)\]
    | \[s?g?MASK\](?:[ ]?<?sop>?)?
    | \[/[A-Z]{2,20}\] | \[/?[A-Z]{2,20}(?:_[A-Z]{2,20}){1,4}\] | \[\|[\w ]{1,30}\|\]   # [/ANSWER], [|user|]
    | <</?SYS>> | <{2,4}/?[A-Z][A-Z_ ]{1,30}>{2,4}
    | </?(?:s|pad|unk|bos|eos|eot|eod|mask|sep|cls|sop|eop|im_start|im_end|turn|extra_id_\d+|unused_?\d+|reserved_\w+
      |(?:start|end|begin)_?of_?\w+|\w+_(?:start|end))>
    | </?[A-Z]{2,20}(?:_[A-Z0-9]{1,20}){1,4}> | </?(?:END|STOP|EOT|EOS|BOS|EOD)>          # <END_OF_TRANSLATION>
    | <0x[0-9A-Fa-f]{2}>
    | <[|][\w ]{2,30}> | <[A-Za-z_]{2,30}[|]> | <\|[a-z_]{2,30}(?=\s|\Z)
    | \[?(?<![\w.-])[a-z]{2}_XX(?![\w.-])\]? | [<\[](?:lang|language|src|tgt|source|target|to)[:=]["']?\w{2,8}["']?[>\]]
    | >>[a-z]{2,3}(?:_[A-Z][a-z]{3})?<< | <2[a-z]{2,3}> | __[a-z]{2,3}__ | (?<![\w-])[a-z]{3}_Latn(?![a-z\d_])
    | (?<=[a-z.!?'"])[a-z]{3}_Latn\Z                    # of NLLB, glued to the last word
    | \[[A-Z]{3,20}(?:[ ][A-Z]{2,20}){1,4}\]            # [END OF TRANSLATION]
    | </?eo[a-z]> | </w> | </?(?:assistant|chatbot|user|system|human|gpt)>:?
    | (?<![=*-])(?:={3,}|\*{3,}|-{3,})[ ]?(?:[A-Z]{2,20}[ ]){0,4}
      (?:END|STOP|EOF|BEGIN|START|TRANSLATION|OUTPUT|ANSWER)(?:[ ][A-Z]{2,20}){0,4}[ ]?[=*-]{3,}     # =====END=====
    | (?<!\w)(?:END|BEGIN|START)_OF_[A-Z_]{3,30}
    | [<‹⟨＜][/\\|]{0,2}[ ]?(?:NAMES)[ ]?[/|\\]{0,2}[>›⟩＞] | <\|{0,2}>                # </s >, <\s>, ‹eos›
    | (?<!\S)<\|?/?(?:NAMES)\|?(?=\s|\Z) | (?<!\S)\|?\w{2,20}\|>                   # cut off: <|im_end, eot|>
    | (?:\[{1,2}|【|\({2}|(?<!\S)\|)/?(?:NAMES)(?:\]{1,2}|】|\){2}|\|(?!\S))        # [eos], ((END)), |en|
    | (?<!\S)[#@%~+^:/_]{1,3}(?:END|EOS|EOT|STOP|DONE)[#@%~+^:/_]{1,3}(?!\S)
    | (?<!\S)[#@~^|<>]{3,5}(?!\S) | ⁇
    """.replace("NAMES", _NAMES)
_TOKEN = re.compile(_FORMS, re.VERBOSE)
_TOKEN_OR_TAG = re.compile(rf"{_FORMS} | <(?!{THOUGHT}>)/?[A-Za-z_\u3000-\u9fff][\w-]{{0,30}}>", re.VERBOSE)
"""Where the source has only tags of HTML, any other one is a model's: </answer>, <final>."""
_WORD_TAG = re.compile(r"<[^<>\n]{1,60}>")
_HALF_TOKEN = re.compile(r"[a-z_]{2,30}\|>")
_WRAPPED = re.compile(r"<(\w{1,20})(?: [^<>]{1,60})?>[^<>]*</\1>")
"""Tags around the whole answer are its wrapping."""
_TOKEN_START = re.compile(r"[<‹⟨＜【\[>|⁇](?:(?<!>)|(?=>))")
"""How a token begins."""
_WRITTEN: Final = {
    "===": re.compile("={3,}"),
    "***": re.compile(r"\*{3,}"),
    "__": re.compile("__(?=[a-z]{2,3}__)"),
    "_XX": re.compile("[a-z]{2}_XX"),
    "|>": re.compile(r"(?<!\S)\w{2,20}\|>"),
    "###": re.compile("#{3,}"),
    "@@@": re.compile("@{3,}"),
    "_Latn": re.compile("[a-z]{3}_Latn"),
    "_OF_": re.compile("(?:END|BEGIN|START)_OF_"),
}
"""What a text with a token without brackets has, and how the token begins."""
_ENDING_START = re.compile(r"[#@%~+^:/_(](?<!\S.)[#@%~+^:/_(]{0,2}(?=END|EOS|STOP)")
_BETWEEN: Final = ("===", "***", "---", "__", "|>")
"""Marks on both sides of a token, and the last one of a cell of a table, as of a token that was cut off."""
_ROLE: Final = (
    "assistant|user|system|human|model|bot|ai|translator|chatbot|gpt|llm|developer|tool|response|output|answer"
    "|traducteur|utilisateur"
)
_ROLE_PREFIX = re.compile(
    rf"\A[\s*_#<\[(]{{0,4}}(?:{_ROLE})[\s*_>\])]{{0,4}}(?::[*_]{{0,2}}|\n)\s*(?=[^\s:])", re.IGNORECASE
)
_ROLE_TURN = re.compile(rf"\n[\s*_#]{{0,4}}(?:{_ROLE})[*_]{{0,3}}\s*:", re.IGNORECASE)
_ROLE_BESIDE: Final = (
    "(?:(?:[Aa]ssistant|model|user|system)(?![a-z])|(?<=start_of_turn>)model|(?<=im_start\\|>)assistant"
    "|(?<=header_id\\|>)assistant)?"
)
"""Without a blank after a token: <start_of_turn>model."""
_LAST_ROLE = re.compile(
    rf"[\s*_#]{{0,4}}(?<![\w-])(?:#{{2,4}}[^\S\n]*\w+|{_ROLE}|french|english)[*_]{{0,3}}\s*:?[*_]{{0,3}}\Z",
    re.IGNORECASE,
)
"""The turn, or the next example, that would come after the answer."""
_ROLE_ROOM: Final = 9
_LABEL = re.compile(
    rf"\s*(?:{_ROLE}|final|analysis|commentary|message|channel|start|end|think|thinking)?\s*\Z", re.IGNORECASE
)
_WORD_PIECE = re.compile(r"(?<=\w)(?: ##|@@ )(?=[A-Za-z]+(?![\w#]))")
_BYTE_MARKERS = re.compile("[\u2581\u0120\u010a]")
MARKED: Final = frozenset("<‹⟨＜◁【[|⁇▁ĠĊ")
"""A token has one of them, an answer with byte markers, too."""

_JSON_KEYS = re.compile(r"transl|english|\ben\b|text|output|target|answer|result|response|content", re.IGNORECASE)
_FENCED = re.compile(r"```[\w-]{0,20}\s*(.*?)\s*```\Z", re.DOTALL)


_WRITTEN_SIGNS: Final = frozenset("=*_#@")
_ENDING: Final = ("END", "EOS", "STOP")
_ENDING_WORDS: Final = frozenset(map(str.lower, _ENDING))


def may_have_tokens(text: str) -> bool:
    """Whether ``text`` has a sign that a token has, as few texts have."""
    reading = read(text)
    if not MARKED.isdisjoint(reading.signs):
        return True
    if not _ENDING_WORDS.isdisjoint(reading.low_set) and any(map(text.__contains__, _ENDING)):
        return True
    return not _WRITTEN_SIGNS.isdisjoint(reading.signs) and any(map(text.__contains__, _WRITTEN))


def new_tokens(text: str, source: str) -> list[str]:
    """The control tokens of an answer that are neither in the source nor words of it in English: <masque>, <mask>."""
    if not may_have_tokens(text):
        return []
    starts = list(map(re.Match.start, _TOKEN_START.finditer(text)))
    for mark, start in _WRITTEN.items():
        if mark in text:
            starts += map(re.Match.start, start.finditer(text))
    if any(map(text.__contains__, _ENDING)):
        starts += map(re.Match.start, _ENDING_START.finditer(text))
    matches = map(_token_of(source).match, repeat(text), starts)
    found = [match[0] for match in matches if match and _is_token(match, text)]
    return _without_words_of_source([token for token in found if token not in source], text, source)


_WORDS_IN_BRACKETS = re.compile(r"[<\[]{1,2}[\w /-]+[>\]]{1,2}")


def _without_words_of_source(tokens: list[str], text: str, source: str) -> list[str]:
    """The tokens but those that translate a passage of the source between the same marks: "=== FIN ===", <nom-du-port>.

    As many as the answer lacks otherwise, the first ones, since which ones they are does not show.
    """
    lacking: dict[str, int] = {}
    others = []
    for token in tokens:
        if not (mark := _mark_of(token)):
            others.append(token)
            continue
        if mark not in lacking:
            written = text.count(mark) - sum(each.count(mark) for each in tokens)
            lacking[mark] = source.count(mark) - written
        if lacking[mark] >= token.count(mark):
            lacking[mark] -= token.count(mark)
        else:
            others.append(token)
    return others


def _mark_of(token: str) -> str:
    """What stands around the words of a token, "" if these are no words."""
    if token[0] in "<[":
        return token[0] if _WORDS_IN_BRACKETS.fullmatch(token) else ""
    return next((mark for mark in _BETWEEN if mark in token), "")


def _token_of(source: str) -> re.Pattern[str]:
    """What a token looks like beside this source: where it has <file> or the like, so may the translation."""
    words = "<" in source and any(_tag_name(tag) not in HTML_TAGS for tag in _WORD_TAG.findall(source))
    return _TOKEN if words else _TOKEN_OR_TAG


def _is_token(match: re.Match[str], text: str) -> bool:
    """Whether a token is no tag, or one at the beginning or the end of a line that is not HTML's.

    Markup of documents is none: B<NAME> of a manual page, `title <target>` of reStructuredText.
    """
    start, end = match.span()
    if match[0][0] == "<" and (_is_letter_alone(text, start - 1) or text[end : end + 1] == "`"):
        return False
    if not (name := _tag_name(match[0])):
        return True
    beside = text[start - 1 : start] in ("", "\n") or text[end : end + 1] in ("", "\n")
    return beside and name not in HTML_TAGS


def _is_letter_alone(text: str, place: int) -> bool:
    return place >= 0 and text[place].isupper() and not (place and text[place - 1].isalnum())


def _tag_name(token: str) -> str:
    """The name of a tag; tokens that are also HTML's, such as <s>, have none."""
    return "" if _TOKEN.fullmatch(token) else token.strip("</> ").partition(" ")[0].lower()


def begins_with_role(text: str) -> bool:
    """Whether ``text`` begins with the name of a chat's role, as a turn does: "Assistant: "."""
    return bool(_ROLE_PREFIX.match(text))


def without_tokens(answer: str, source: str) -> str:
    """The translation in an answer with control tokens or a role before it; the answer if there are none.

    Tokens that the source has, too, are part of the record.
    """
    text = answer
    if "▁" in text or "Ġ" in text or "Ċ" in text:
        text = _without_markers(text, source)
    if (match := _HALF_TOKEN.match(text)) and match[0] not in source:
        text = text[match.end() :]
    if (" ##" in text and "##" not in source) or ("@@ " in text and "@@" not in source):
        text = _WORD_PIECE.sub("", text)
    if (new := new_tokens(text, source)) and not _WRAPPED.fullmatch(text):
        tokens = "|".join(map(re.escape, sorted(set(new), key=len, reverse=True)))
        text = _best_piece(re.split(rf"(?:{tokens}){_ROLE_BESIDE}", text), source)
    if (match := _ROLE_PREFIX.match(text)) and not _ROLE_PREFIX.match(source):
        head = len(match[0]) + _ROLE_ROOM
        # Where the source names a speaker, the answer names him, too.
        if ":" not in source[:head] or ":" in text[match.end() :][:head]:
            text = text[match.end() :]
    if (match := _ROLE_TURN.search(text)) and not _ROLE_TURN.search(source) and match.start() > 0.3 * len(source):
        words = words_of(source)
        if coverage(words, keys_of(text[: match.start()])) >= coverage(words, keys_of(text[match.end() :])):
            text = text[: match.start()]
    text = text.rstrip()
    if text[-1:] == ":" and source.rstrip()[-1:] != ":" and (match := _LAST_ROLE.search(text, max(0, len(text) - 40))):
        text = text[: match.start()]
    return text.strip()


def _without_markers(text: str, source: str) -> str:
    if not _BYTE_MARKERS.search(source):
        spaced = text.replace("▁", " ").replace("Ġ", " ").replace("Ċ", "\n")
        return re.sub(" {2,}", " ", spaced).strip()
    return text


def _best_piece(pieces: list[str], source: str) -> str:
    """The piece, or all of them together, that has most of the source's words; the shortest of equals."""
    pieces = _within_sentences([piece for piece in pieces if not _LABEL.match(piece)])
    if len(pieces) < 2:
        return pieces[0] if pieces else ""
    words = words_of(source)
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece[1:] if piece[:1] == " " and whole[-1:].isspace() else piece
    if not words:
        return pieces[-1]
    ranked = [(round(coverage(words, keys_of(piece)), 1), -len(piece), piece) for piece in (*pieces, whole)]
    return max(ranked)[2]


def _within_sentences(pieces: list[str]) -> list[str]:
    """The pieces; two are joined where the second continues a sentence of the first, since no turn ends there."""
    joined = pieces[:1]
    for piece in pieces[1:]:
        before = joined[-1]
        if (
            before.rstrip(" ")[-1:] not in ".!?:…\n"
            and (piece[:1] in " ,.;:" or before[-1:] == " ")
            and _continues(piece)
        ):
            joined[-1] = f"{before.rstrip(' ')} {piece.lstrip(' ')}" if piece[:1] not in ",.;:" else before + piece
        else:
            joined.append(piece)
    return joined


def _continues(piece: str) -> bool:
    first = piece.lstrip(" ")[:1]
    return first.islower() or first in ",.;:" or first.isdecimal()


def without_json(answer: str, source: str) -> str:
    """The string in an answer that is a JSON object or a quoted string, where the source is none."""
    text = answer.strip()
    if (match := _FENCED.match(text)) and "```" not in source:
        text = match[1]
    if text[:1] not in "{[" or source.lstrip()[:1] in ("{", "["):
        return answer
    try:
        value = json.loads(text)
    except ValueError:
        return _lenient(text) or answer
    found = _strings(value)
    named = [string for key, string in found if _JSON_KEYS.search(key)] or [string for _, string in found]
    if not named:
        return answer
    if len(named) == 1:
        return named[0]
    words = words_of(source)
    return max(named, key=lambda string: (coverage(words, keys_of(string)), -len(string)))


_LENIENT = re.compile(r'\{\s*["\'“]?\w{1,30}["\'”]?\s*:\s*["\'“](.*)["\'”]\s*,?\s*\}\Z', re.DOTALL)


def _lenient(text: str) -> str:
    """The value of an object with one key that is not quite JSON: raw line breaks, single quotes."""
    match = _LENIENT.match(text)
    return match[1].replace('\\"', '"').replace("\\n", "\n") if match else ""


def _strings(value: object, key: str = "") -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [(key, value)] if value.strip() else []
    if isinstance(value, dict):
        return [found for name, each in value.items() for found in _strings(each, str(name))]
    if isinstance(value, list):
        return [found for each in value for found in _strings(each, key)]
    return []
