"""How a translation can be spoilt: the mistakes that language models make. Pure functions of strings."""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[^.!?\n]*[.!?\n]+\s*|[^.!?\n]+\Z")
_CHINESE = (
    "本报告介绍了技术人员在现场进行的维修工作。设备已经恢复正常运行，客户确认没有其他问题。"
    "下一次检查将在三个月之后进行，届时会更换过滤器。"
)


def spoil(kind: str, source: str, english: str, prompt: str, room: int) -> str:
    """``english``, the translation of ``source``, with the fault ``kind`` (see
    ``pipeline.sandbox.faults.TEXT_FAULTS``).

    Args:
        kind: The name of the fault.
        source: The French text.
        english: Its right translation.
        prompt: Everything that the model was given.
        room: The characters that the answer may have; ``endless`` writes more than that.
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
    if kind == "prompt_leak":
        return f"{prompt[:200]}\n\n{english}"
    raise ValueError(f"no text fault is called {kind!r}")


def _sentences(text: str) -> list[str]:
    return _SENTENCE.findall(text) or [text]


def _partly_french(source: str, english: str) -> str:
    """The longest sentence stays French; all of a text of one sentence does."""
    french, translated = _sentences(source), _sentences(english)
    longest = max(range(len(french)), key=lambda index: len(french[index]))
    if len(french) != len(translated):
        return "".join(translated[:-1]) + french[longest]
    return "".join([*translated[:longest], french[longest], *translated[longest + 1 :]])
