"""Serving one generation: wait for a slot, hold it for the time of the work, send the answer whole or streamed."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import socket
import struct
from typing import Any

from aiohttp import web

from pipeline.sandbox import replies
from pipeline.sandbox.answering import Answer, logprobs_of, tokens_of, work_seconds
from pipeline.sandbox.calls import Call
from pipeline.sandbox.errors import RUNNER_DIED, Refusal, RunnerDied, runner_gone, runner_terminated
from pipeline.sandbox.faults import share_of
from pipeline.sandbox.scheduler import Runner
from pipeline.sandbox.source import source_of
from pipeline.sandbox.state import ServerState

NONSENSE_NS = 9_223_372_036_854_775_808
REPORTED_NS_PER_TOKEN = 1_000  # of a host without a speed, whose durations would be absent otherwise
# Ollama returns the token ids of prompt and answer. Their values are arbitrary here: five digits and a comma each.
_CONTEXT_IDS = ",".join(str(10_000 + number * 7_919 % 90_000) for number in range(32_768)).encode()
_FATAL_FAULTS = frozenset({"runner_died_500", "runner_crash", "runner_terminated", "reset", "closed"})
_PIECE = re.compile(r"\s*\S+|\s+\Z")


class Generation:
    """One answer of one runner to one request.

    ``fault`` is the kind of a fault that occurs during generation or in the reply, or empty. ``began`` is the arrival
    of the request on the event loop's clock. After ``serve``, ``outcome`` is ``stop``, ``length`` or ``aborted``.
    """

    def __init__(
        self,
        state: ServerState,
        request: web.BaseRequest,
        call: Call,
        runner: Runner,
        answer: Answer,
        fault: str,
        began: float,
    ) -> None:
        if fault in ("done_false", "length"):
            text = answer.text[: len(answer.text) // 2]
            answer = dataclasses.replace(
                answer,
                text=text,
                eval_tokens=max(1, tokens_of(text)),
                aborted=fault == "done_false",
                done_reason="length",
            )
        elif fault == "thinking_only":
            answer = dataclasses.replace(answer, text="", thinking=f"{answer.thinking} {answer.text}".strip())
        self.state = state
        self.request = request
        self.call = call
        self.runner = runner
        self.answer = answer
        self.fault = fault
        self.began = began
        self.outcome = "aborted" if answer.aborted else answer.done_reason
        self._loop = asyncio.get_running_loop()
        self._stream: web.StreamResponse | None = None

    async def serve(self) -> web.StreamResponse:
        """Wait for a slot, generate and reply.

        Raises:
            Refusal: 500, the runner died.
            asyncio.CancelledError: The client disconnected; its place in the queue is freed at once.
        """
        loaded = self._loop.time()
        settings, counts, slots = self.state.settings, self.state.counts, self.runner.slots
        if settings.overhead_seconds:
            await asyncio.sleep(settings.overhead_seconds * share_of("overhead", self.call.prompt))
        arrived = self._loop.time()
        start = slots.take(arrived)
        if start is None:
            counts.waiting_peak = max(counts.waiting_peak, slots.waiting + 1)
            try:
                start = await slots.wait(arrived)
            except RunnerDied:
                raise Refusal(500, runner_gone(self.state.version)) from None
        counts.active_peak = max(counts.active_peak, slots.active)
        reading, writing = work_seconds(
            settings, source_of(self.call.prompt), self.answer.source_tokens, self.answer.eval_tokens
        )
        slowness = 1 + settings.contention * (slots.active - 1)
        reading, writing = reading * slowness, writing * slowness
        end = start + reading + writing
        try:
            if self.fault in _FATAL_FAULTS:
                return await self._fail_midway(start, end)
            if self.call.stream:
                await self._send_pieces(start + reading, writing)
            elif end > arrived:
                await self.runner.work(end)
        except RunnerDied:
            end = start  # the slots died with their runner
            return await self._send_error(RUNNER_DIED)
        finally:
            # A client that disconnects while its prompt is read holds the slot until that is done.
            ended = min(end, max(start + reading, self._loop.time()))
            if ended > self._loop.time():
                self._loop.call_at(ended, slots.release, ended)
            else:
                slots.release(ended)
            counts.busy_seconds += ended - start
        durations = self._durations(loaded, start, reading, writing)
        response = await (self._finish_stream(durations) if self._stream is not None else self._whole(durations))
        if self.outcome == "stop" and self.fault not in ("cut_body", "stalled"):
            counts.answered(self.answer.prompt_tokens, self.answer.eval_tokens)
        return response

    def _durations(self, loaded: float, start: float, reading: float, writing: float) -> dict[str, int]:
        """Ollama's durations (nanoseconds) and token counts. The total includes the wait for the slot."""
        answer = self.answer
        load = max(1, int((loaded - self.began) * 1e9))
        prompt_eval = int(reading * 1e9) or answer.source_tokens * REPORTED_NS_PER_TOKEN
        evaluation = int(writing * 1e9) or answer.eval_tokens * REPORTED_NS_PER_TOKEN
        total = load + int((start - loaded) * 1e9) + prompt_eval + evaluation
        durations = {
            "total_duration": total,
            "load_duration": load,
            "prompt_eval_count": answer.prompt_tokens,
            "prompt_eval_duration": prompt_eval,
            "eval_count": answer.eval_tokens,
            "eval_duration": evaluation if answer.eval_tokens > 1 else 0,  # measured between tokens
        }
        if self.fault == "negative_eval_duration":
            durations["eval_duration"] = -NONSENSE_NS
        elif self.fault == "huge_eval_duration":
            durations["eval_duration"] = NONSENSE_NS - 4_308
        elif self.fault == "missing_durations":
            durations = {name: value for name, value in durations.items() if name.endswith("_count")}
        return {name: value for name, value in durations.items() if value}

    def _head(self, text: str, thinking: str, done: bool) -> dict[str, Any]:
        stamped = {"model": self.call.model, "created_at": self.state.clock.created_at()}
        shown = None if self.fault == "null_response" else text
        head = stamped | replies.message_fields(self.call.chat, shown, thinking) | {"done": done}
        return head | {"logprobs": logprobs_of(text)} if self.call.logprobs and text else head

    def _last(self, text: str, thinking: str, durations: dict[str, int]) -> bytes:
        """The last object of a reply, with ``done: true``."""
        head = replies.encode(self._head(text, thinking, True) | {"done_reason": self.answer.done_reason})
        context = b""
        if not self.call.raw and not self.call.chat:
            tokens = self.answer.prompt_tokens + self.answer.eval_tokens
            context = b'"context":[' + _CONTEXT_IDS[: 6 * tokens - 1] + b"],"
        return head[:-1] + b"," + context + replies.encode(durations)[1:]

    async def _whole(self, durations: dict[str, int]) -> web.StreamResponse:
        answer = self.answer
        if answer.aborted:
            return replies.reply_json(self._head(answer.text, answer.thinking, False))
        body = self._last(answer.text, answer.thinking, durations)
        if self.fault not in ("cut_body", "stalled"):
            return replies.reply_bytes(body)
        half = web.StreamResponse(headers={"Content-Type": replies.JSON_TYPE, "Content-Length": str(len(body))})
        await half.prepare(self.request)
        await half.write(body[: len(body) // 2])
        if self.fault == "stalled":
            await self._loop.create_future()
        self._cut_connection(reset=False)
        return half

    async def _send_pieces(self, begin: float, writing_seconds: float) -> None:
        """Stream the answer in pieces, spread evenly over ``writing_seconds`` from ``begin`` on."""
        await self.runner.work(begin)
        stream = await self._open_stream()
        answer = self.answer
        pieces = [("", thought) for thought in _PIECE.findall(answer.thinking)]
        pieces += [(piece, "") for piece in _PIECE.findall(answer.text)]
        for number, (text, thinking) in enumerate(pieces, 1):
            await self.runner.work(begin + writing_seconds * number / len(pieces))
            await stream.write(replies.encode(self._head(text, thinking, False)) + b"\n")
            if number > len(pieces) // 2 and self.fault == "cut_body":
                break
            if number > len(pieces) // 2 and self.fault == "stalled":
                await self._loop.create_future()

    async def _finish_stream(self, durations: dict[str, int]) -> web.StreamResponse:
        stream = await self._open_stream()
        if self.fault == "cut_body":
            self._cut_connection(reset=False)
            return stream
        if not self.answer.aborted:
            await stream.write(self._last("", "", durations) + b"\n")
        await stream.write_eof()
        return stream

    async def _fail_midway(self, start: float, end: float) -> web.StreamResponse:
        await self.runner.work((start + end) / 2)
        if self.fault in ("reset", "closed"):
            self._cut_connection(reset=self.fault == "reset")
            return web.Response()
        if self.fault in ("runner_crash", "runner_terminated"):
            self.state.scheduler.crash(self.runner)
        terminated = self.fault == "runner_terminated"
        return await self._send_error(runner_terminated(self.state.version) if terminated else RUNNER_DIED)

    async def _send_error(self, error: str) -> web.StreamResponse:
        """Reply with an error. In a stream, whose status is already sent, the last line carries it."""
        if not self.call.stream:
            raise Refusal(500, error)
        stream = await self._open_stream()
        await stream.write(replies.encode({"error": error}) + b"\n")
        await stream.write_eof()
        return stream

    async def _open_stream(self) -> web.StreamResponse:
        if self._stream is None:
            self._stream = web.StreamResponse(headers={"Content-Type": replies.NDJSON_TYPE})
            await self._stream.prepare(self.request)
        return self._stream

    def _cut_connection(self, reset: bool) -> None:
        transport = self.request.transport
        if transport is None:
            return
        if reset:
            # Lingering for no time turns the close into an RST.
            connection: socket.socket = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()
