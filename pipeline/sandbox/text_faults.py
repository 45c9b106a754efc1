"""Typical mistakes of language models, applied to a correct translation. Pure functions of strings."""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[^.!?\n]*[.!?\n]+\s*|[^.!?\n]+\Z")
_CHINESE = (
    "本报告介绍了技术人员在现场进行的维修工作。设备已经恢复正常运行，客户确认没有其他问题。"
    "下一次检查将在三个月之后进行，届时会更换过滤器。"
)
CONSTANT = "The technician replaced the part and the system is working again."
"""What a host with a broken model answers to everything."""


def spoil(kind: str, source: str, english: str, prompt: str, room: int) -> str:
    """Apply the text fault ``kind`` to ``english``, the translation of ``source``.

    Args:
        kind: One of ``pipeline.sandbox.faults.TEXT_FAULTS``.
        source: The French text.
        english: Its correct translation.
        prompt: The whole input of the model.
        room: Maximum characters of the answer, which ``endless`` exceeds.
    """
    if kind == "preamble":
        return f"Sure! Here is the English translation of the text:\n\n{english}"
    if kind == "quotes":
        return f'"{english}"'
    if kind == "echo":
        return source
    if kind == "partly_french":
        return _partly_french(source, english)
    if kind == "chinese":
        return (_CHINESE * (1 + len(source) // (3 * len(_CHINESE))))[: max(24, len(source) // 3)]
    if kind == "refusal":
        return "I'm sorry, but I can't help with translating this content."
    if kind in ("loop", "endless"):
        last = _sentences(english)[-1].strip() + " " if english.strip() else "and so on "
        length = room + 100 if kind == "endless" else max(5 * len(last), 2 * len(english))
        return english + " " + last * (1 + length // len(last))
    if kind == "cut":
        return english[: len(english) * 3 // 10]
    if kind == "wrong_number":
        return re.sub(r"\d+", lambda number: str(int(number[0]) + 11), english, count=1)
    if kind == "lost_url":
        return re.sub(r" ?https?://[^\s<>\"]+", "", english)
    if kind == "empty":
        return ""
    if kind == "think_leak":
        return f"<think>\nThis is French. I should translate it sentence by sentence.\n</think>\n\n{english}"
    if kind == "note":
        return f"{english}\n\nNote: proper names and technical codes were left as in the original."
    if kind == "constant":
        return CONSTANT
    if kind == "prompt_leak":
        return f"{prompt[:200]}\n\n{english}"
    raise ValueError(f"unknown text fault {kind!r}")


def _sentences(text: str) -> list[str]:
    return _SENTENCE.findall(text) or [text]


def _partly_french(source: str, english: str) -> str:
    """Keep the longest sentence in French, or the whole text if it has only one."""
    french, translated = _sentences(source), _sentences(english)
    longest = max(range(len(french)), key=lambda index: len(french[index]))
    if len(french) != len(translated):
        return "".join(translated[:-1]) + french[longest]
    return "".join([*translated[:longest], french[longest], *translated[longest + 1 :]])
