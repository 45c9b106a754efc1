"""Parsing of the bodies of ``/api/generate`` and ``/api/chat`` by Ollama's rules, with Ollama's error texts.

Go's JSON rules apply: names are case-insensitive, unknown names are ignored, ``null`` means unset, and a wrong type
is a 400. An option of a wrong type is a 500, although the request is at fault (measured on 0.12.11 and 0.24.0).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from pipeline.sandbox.errors import Refusal

_GO_TYPES = {
    "model": ("string", str),
    "prompt": ("string", str),
    "suffix": ("string", str),
    "system": ("string", str),
    "template": ("string", str),
    "context": ("[]int", list),
    "messages": ("[]api.Message", list),
    "images": ("[]api.ImageData", list),
    "stream": ("bool", bool),
    "raw": ("bool", bool),
    "truncate": ("bool", bool),
    "shift": ("bool", bool),
    "logprobs": ("bool", bool),
    "_debug_render_only": ("bool", bool),
    "options": ("map[string]interface {}", dict),
}
_INTEGERS = frozenset(
    (
        "num_ctx",
        "num_batch",
        "num_gpu",
        "main_gpu",
        "num_thread",
        "draft_num_predict",
        "num_keep",
        "seed",
        "num_predict",
        "top_k",
        "repeat_last_n",
    )
)
_FLOATS = frozenset(
    ("top_p", "min_p", "typical_p", "temperature", "repeat_penalty", "presence_penalty", "frequency_penalty")
)
_THINK_LEVELS = ("high", "medium", "low", "max")
_DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass
class Call:
    """One parsed request. ``body`` holds all of its fields; ``None`` means unset."""

    model: str
    prompt: str
    system: str = ""
    chat: bool = False
    empty: bool = False
    stream: bool = True
    raw: bool = False
    truncate: bool = True
    shift: bool | None = None
    think: bool | str | None = None
    keep_alive_seconds: float | None = None
    debug_render_only: bool = False
    logprobs: bool = False
    suffix: str = ""
    format: Any = None
    options: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)

    def option(self, name: str, default: int) -> int:
        """The value of an integer option. Fractions are truncated, as in Ollama."""
        value = self.options.get(name)
        return default if value is None else int(value)


def read_call(body: bytes, chat: bool, version: tuple[int, ...]) -> Call:
    """Parse ``body``.

    Raises:
        Refusal: 400 for an invalid request, 500 for an invalid template.
    """
    fields = _fields(body, "ChatRequest" if chat else "GenerateRequest")
    get = fields.get
    for name, value in fields.items():
        if name in _GO_TYPES and not isinstance(value, _GO_TYPES[name][1]):
            raise _wrong_type(
                value, f"Go struct field {'Chat' if chat else 'Generate'}Request.{name} of type {_GO_TYPES[name][0]}"
            )
    if not 0 <= get("top_logprobs", 0) <= 20:
        raise Refusal(400, "top_logprobs must be between 0 and 20")
    if get("raw") and (get("system") or get("template") or get("context")):
        raise Refusal(400, "raw mode does not support template, system, or context")
    turns = get("messages", []) if chat else []
    prompt, system = _chat_prompt(turns) if chat else (get("prompt", ""), get("system", ""))
    call = Call(
        model=get("model", ""),
        prompt=prompt,
        system=system,
        chat=chat,
        empty=not turns if chat else not prompt,
        stream=get("stream", True),
        raw=get("raw", False),
        truncate=get("truncate", True) or version < (0, 12, 6),
        shift=get("shift"),
        think=_think(get("think"), version),
        keep_alive_seconds=_keep_alive(get("keep_alive")),
        debug_render_only=get("_debug_render_only", False),
        logprobs=get("logprobs", False) and version >= (0, 12, 11),
        suffix=get("suffix", ""),
        format=get("format") or None if get("format") != [] else [],
        options=get("options", {}),
        body=fields,
    )
    if get("template", "").count("{{") != get("template", "").count("}}"):
        raise Refusal(500, "template: :1: unclosed action")
    return call


def check_options(options: dict[str, Any]) -> None:
    """Raise a Refusal with status 500 if an option has a wrong type. Unknown names are ignored."""
    for name, value in options.items():
        if value is None:
            continue
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if name in _INTEGERS and not number:
            raise Refusal(500, f'option "{name}" must be of type integer')
        if name in _FLOATS and not number:
            raise Refusal(500, f'option "{name}" must be of type float32')
        if name == "use_mmap" and not isinstance(value, bool):
            raise Refusal(500, f'option "{name}" must be of type boolean')
        if name == "stop" and not isinstance(value, list):
            raise Refusal(500, f'option "{name}" must be of type array')
        if name == "stop" and not all(isinstance(item, str) for item in value):
            raise Refusal(500, f'option "{name}" must be of an array of strings')


def check_format(wanted: Any) -> None:
    """Raise a Refusal with status 500 if ``format`` is neither ``json`` nor a JSON schema."""
    if wanted is None or wanted == "json":
        return
    if not isinstance(wanted, dict):
        text = json.dumps(json.dumps(wanted))
        raise Refusal(500, f'invalid format: {text}; expected "json" or a valid JSON Schema object')
    kinds = {"object", "array", "string", "number", "integer", "boolean", "null"}
    if isinstance(wanted.get("type"), str) and wanted["type"] not in kinds:
        raise Refusal(500, "invalid JSON schema in format")


def _fields(body: bytes, request: str) -> dict[str, Any]:
    text = body.decode("utf-8", "replace")
    if not text.strip():
        raise Refusal(400, "missing request body")
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        position = len(text) if error.msg.startswith("Unterminated") else error.pos
        if position >= len(text.rstrip()):
            raise Refusal(400, "unexpected EOF") from None
        raise Refusal(400, f"invalid character '{text[position]}' looking for beginning of value") from None
    if not isinstance(value, dict):
        raise _wrong_type(value, f"Go value of type api.{request}")
    if b"\\ud" in body or b"\\uD" in body:
        value = _without_lone_surrogates(value)
    return {name.lower(): field for name, field in value.items() if field is not None}


def _without_lone_surrogates(value: Any) -> Any:
    """Replace lone surrogates by U+FFFD, as Go does."""
    text = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return json.loads(text)


def _wrong_type(value: Any, target: str) -> Refusal:
    kinds: dict[type, str] = {
        str: "string",
        bool: "bool",
        int: "number",
        float: "number",
        list: "array",
        dict: "object",
    }
    return Refusal(400, f"json: cannot unmarshal {kinds[type(value)]} into {target}")


def _chat_prompt(turns: list[Any]) -> tuple[str, str]:
    """The last turn, and all earlier turns joined to one text."""
    contents = [str(turn.get("content") or "") if isinstance(turn, dict) else "" for turn in turns]
    return (contents[-1] if contents else ""), "\n".join(contents[:-1])


def _think(value: Any, version: tuple[int, ...]) -> bool | str | None:
    levels = _THINK_LEVELS if version >= (0, 24) else _THINK_LEVELS[:3]
    if value is None or isinstance(value, bool) or value in levels:
        return value  # type: ignore[no-any-return]
    known = ", ".join(f'"{level}"' for level in levels)
    raise Refusal(400, f"invalid think value: {json.dumps(value)} (must be {known}, true, or false)")


def _keep_alive(value: Any) -> float | None:
    """Seconds; infinity for negative values."""
    if value is None:
        return None
    if isinstance(value, bool):
        raise Refusal(400, "Unsupported type: 'bool'")
    if isinstance(value, list):
        raise Refusal(400, "Unsupported type: '[]interface {}'")
    if isinstance(value, dict):
        raise Refusal(400, "Unsupported type: 'map[string]interface {}'")
    seconds = parse_duration(value) if isinstance(value, str) else float(value)
    return float("inf") if seconds < 0 else seconds


def parse_duration(text: str) -> float:
    """Parse a Go duration such as ``1h30m`` or ``-1m`` to seconds.

    Raises:
        Refusal: 400 with the error text of Go's time.ParseDuration.
    """
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0.0
    seconds, position = 0.0, 0
    while position < len(rest):
        part = _DURATION_PART.match(rest, position)
        if part is None:
            break
        seconds += float(part[1]) * _UNIT_SECONDS[part[2]]
        position = part.end()
    if rest and position == len(rest):
        return -seconds if text[0] == "-" else seconds
    remainder = rest[position:]
    if re.fullmatch(r"\d+\.?\d*|\.\d+", remainder):
        raise Refusal(400, f"time: missing unit in duration {json.dumps(text)}")
    if unknown := re.match(r"(?:\d+\.?\d*|\.\d+)([^\d.]+)", remainder):
        raise Refusal(400, f"time: unknown unit {json.dumps(unknown[1])} in duration {json.dumps(text)}")
    raise Refusal(400, f"time: invalid duration {json.dumps(text)}")
