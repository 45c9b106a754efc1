"""Tokens of chat templates and tokenizers in an answer, known by their form, whatever the model.

They stand between turns, channels and words. What stands around them is looked at: the piece that has most of the
source's words is the translation.
"""

from __future__ import annotations

import json
import re
from typing import Final

from transforms.text.alignment import coverage, keys_of, words_of
from transforms.text.reading import read

_TOKEN = re.compile(
    r"""[<‹＜][|｜][^\n<>|｜]{0,60}[|｜][>›＞]                # <|eot_id|>, <｜end▁of▁sentence｜>
    | \[/?(?:INST|SYS|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|PREFIX|SUFFIX|MIDDLE|CLS|SEP|PAD|UNK|MASK
      |BOS|EOS|EOT|END|STOP|TOOL)\]
    | <</?SYS>>
    | </?(?:s|pad|unk|bos|eos|eot|eod|mask|sep|cls|sop|eop|im_start|im_end|turn|extra_id_\d+|unused_?\d+|reserved_\w+
      |(?:start|end|begin)_?of_?\w+|\w+_(?:start|end))>
    | <0x[0-9A-Fa-f]{2}>
    | <\|[a-z_]{2,30}(?=\s|\Z)|\A[a-z_]{2,30}\|>
    """,
    re.VERBOSE,
)
_TOKEN_START = re.compile(r"[<‹＜\[]")
"""How a token begins that is not at the beginning of the text."""

_ROLE: Final = (
    "assistant|user|system|human|model|bot|ai|translator|chatbot|gpt|llm|developer|tool|response|output|answer"
    "|traducteur|utilisateur"
)
_ROLE_PREFIX = re.compile(
    rf"\A[\s*_#<\[(]{{0,4}}(?:{_ROLE})[\s*_>\])]{{0,4}}(?::[*_]{{0,2}}|\n)\s*(?=\S)", re.IGNORECASE
)
_ROLE_TURN = re.compile(rf"\n[\s*_#]{{0,4}}(?:{_ROLE})[*_]{{0,3}}\s*:", re.IGNORECASE)
_ROLE_ROOM: Final = 9
_LABEL = re.compile(
    rf"\s*(?:{_ROLE}|final|analysis|commentary|message|channel|start|end|think|thinking)?\s*\Z", re.IGNORECASE
)
_BYTE_MARKERS = re.compile("[\u2581\u0120\u010a]")
MARKED: Final = frozenset("<‹＜[|▁ĠĊ")
"""A token has one of them, an answer with byte markers, too."""

_JSON_KEYS = re.compile(r"transl|english|\ben\b|text|output|target|answer|result|response|content", re.IGNORECASE)
_FENCED = re.compile(r"```[\w-]{0,20}\s*(.*?)\s*```\Z", re.DOTALL)


def has_tokens(text: str) -> bool:
    """Whether ``text`` has a control token."""
    if MARKED.isdisjoint(read(text).signs):
        return False
    return bool(_TOKEN.match(text)) or any(_TOKEN.match(text, mark.start()) for mark in _TOKEN_START.finditer(text))


def new_tokens(text: str, source: str) -> list[str]:
    """The control tokens of an answer that are neither in the source nor words of it in English: <masque>, <mask>."""
    if not has_tokens(text):
        return []
    own = set(_TOKEN.findall(source))
    new = [token for token in _TOKEN.findall(text) if token not in own]
    if all(token[0] in "<[" and token[1:-1].isalpha() for token in new) and all(
        0 < text.count(mark) <= source.count(mark) for mark in {token[0] for token in new}
    ):
        return []
    return new


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
    if new_tokens(text, source):
        text = _best_piece(_TOKEN.split(text), source)
    if (match := _ROLE_PREFIX.match(text)) and not _ROLE_PREFIX.match(source):
        head = len(match[0]) + _ROLE_ROOM
        # Where the source names a speaker, the answer names him, too.
        if ":" not in source[:head] or ":" in text[match.end() :][:head]:
            text = text[match.end() :]
    if (match := _ROLE_TURN.search(text)) and not _ROLE_TURN.search(source) and match.start() > 0.3 * len(source):
        text = text[: match.start()]
    return text.strip()


def _without_markers(text: str, source: str) -> str:
    if not _BYTE_MARKERS.search(source):
        spaced = text.replace("▁", " ").replace("Ġ", " ").replace("Ċ", "\n")
        return re.sub(" {2,}", " ", spaced).strip()
    return text


def _best_piece(pieces: list[str], source: str) -> str:
    """The piece, or all of them together, that has most of the source's words; the shortest of equals."""
    pieces = [piece for piece in pieces if not _LABEL.match(piece)]
    if len(pieces) < 2:
        return pieces[0] if pieces else ""
    words = words_of(source)
    whole = "".join(pieces)
    if not words:
        return pieces[-1]
    ranked = [(round(coverage(words, keys_of(piece)), 1), -len(piece), piece) for piece in (*pieces, whole)]
    return max(ranked)[2]


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
