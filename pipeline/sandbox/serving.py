"""Handling of one ``/api/generate`` or ``/api/chat`` request up to its slot: body, early faults, model, load."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from pipeline.sandbox import replies
from pipeline.sandbox.answering import answer_to, effective_num_ctx
from pipeline.sandbox.calls import Call, check_format, check_options, read_call
from pipeline.sandbox.errors import BUSY, Refusal
from pipeline.sandbox.faults import Fault
from pipeline.sandbox.generation import Generation
from pipeline.sandbox.scheduler import DEFAULT_KEEP_ALIVE_SECONDS, Launch
from pipeline.sandbox.source import source_of
from pipeline.sandbox.state import ServerState

_PROXY_PAGES = {"bad_gateway_502": "502 Bad Gateway", "too_large_413": "413 Request Entity Too Large"}


async def serve_call(state: ServerState, request: web.BaseRequest, chat: bool) -> web.StreamResponse:
    """Serve one request, and count it by its outcome.

    Raises:
        Refusal: The request is answered with one of Ollama's errors.
        asyncio.CancelledError: The client disconnected.
        ConnectionError: The client disconnected in the middle of a stream.
    """
    began = asyncio.get_running_loop().time()
    call = read_call(await request.content.read(), chat, state.version)
    if call.empty:
        state.counts.load_calls += 1
        if state.settings.hang:
            await state.awake()
        return await _load(state, call)
    state.counts.called()
    source = source_of(call.prompt)
    fault, text_fault = state.plan.of_call(source) if state.settings.faults else (None, None)
    record: dict[str, Any] = {}
    if state.settings.record_requests:
        record = {"chat": chat, "source": source, "prompt": call.prompt, "system": call.system, "body": call.body}
        state.counts.requests.append(record)
    outcome = fault.kind if fault is not None else "ok"
    try:
        if state.settings.hang:
            await state.awake()
        early = await early_fault(request, fault, call.model) if fault is not None else None
        if early is not None:
            return early
        response, reason = await _generate(state, request, call, began, fault, text_fault)
        if fault is None and reason != "stop":
            outcome = reason
        return response
    except Refusal as refusal:
        outcome = outcome if fault is not None else str(refusal.status)
        raise
    except (asyncio.CancelledError, ConnectionError):
        outcome = "cancelled"
        state.counts.cancelled += 1
        raise
    finally:
        record["outcome"] = outcome
        state.counts.outcomes[outcome] += 1
        state.counts.in_flight -= 1


async def early_fault(request: web.BaseRequest, fault: Fault, model: str = "") -> web.StreamResponse | None:
    """The reply of a fault that precedes generation, or None if the request proceeds.

    Raises:
        Refusal: The fault is one of Ollama's errors.
    """
    if fault.kind == "slow_first_byte":
        await asyncio.sleep(fault.seconds)
    elif fault.kind == "hang":
        await asyncio.get_running_loop().create_future()
    elif fault.kind == "busy_503":
        raise Refusal(503, BUSY)
    elif fault.kind == "model_missing":
        raise Refusal(404, f"model '{model}' not found")
    elif fault.kind in _PROXY_PAGES:
        title = _PROXY_PAGES[fault.kind]
        page = f"<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1></body>\r\n</html>\r\n"
        return replies.reply_bytes(page.encode(), int(title[:3]), "text/html")
    elif fault.kind == "forbidden_403":
        return web.Response(status=403)
    elif fault.kind == "too_many_429":
        response = replies.reply_json({"error": "too many requests"}, 429)
        response.headers["Retry-After"] = f"{fault.seconds:g}"
        return response
    elif fault.kind in ("redirect_301", "redirect_307"):
        return web.Response(status=int(fault.kind[-3:]), headers={"Location": f"/elsewhere{request.path}"})
    elif fault.kind == "not_json":
        return replies.reply_bytes(b"OK, but this is not JSON")
    return None


async def _load(state: ServerState, call: Call) -> web.Response:
    """Handle an empty prompt, which loads the model or, with ``keep_alive`` 0, unloads it. Never streamed."""
    model = _checked_model(state, call)
    done_reason = "load"
    if call.keep_alive_seconds == 0:
        state.scheduler.unload(model)
        done_reason = "unload"
    else:
        runner = await state.scheduler.runner_for(model, _launch(state, call))
        runner.keep_alive_seconds = _keep_alive(call)
        runner.leave()
    answer = replies.message_fields(call.chat, "", "")
    stamped = {"model": call.model, "created_at": state.clock.created_at()}
    return replies.reply_json(stamped | answer | {"done": True, "done_reason": done_reason})


async def _generate(
    state: ServerState,
    request: web.BaseRequest,
    call: Call,
    began: float,
    fault: Fault | None,
    text_fault: Fault | None,
) -> tuple[web.StreamResponse, str]:
    """The response, and the outcome: ``stop``, ``length`` or ``aborted``."""
    model = _checked_model(state, call)
    runner = await state.scheduler.runner_for(model, _launch(state, call))
    try:
        runner.keep_alive_seconds = _keep_alive(call)
        if call.debug_render_only:
            rendered = {"_debug_info": {"rendered_template": f"{call.system}\n\n{call.prompt}\n"}}
            stamped = {"model": call.model, "created_at": state.clock.created_at()}
            return replies.reply_json(
                stamped | replies.message_fields(call.chat, "", "") | {"done": False} | rendered
            ), "stop"
        answer = answer_to(call, state.settings, runner.launch.num_ctx, text_fault)
        if text_fault is not None:
            state.counts.text_faults[text_fault.kind] += 1
        generation = Generation(state, request, call, runner, answer, fault.kind if fault is not None else "", began)
        return await generation.serve(), generation.outcome
    finally:
        runner.leave()


def _checked_model(state: ServerState, call: Call) -> str:
    if call.chat and not call.model:
        raise Refusal(400, "model is required")
    model = state.model(call.model)
    if call.suffix:
        raise Refusal(400, f"registry.ollama.ai/library/{model} does not support insert")
    if not state.settings.thinking and (call.think or (call.think is False and state.version == (0, 12, 4))):
        raise Refusal(400, f'"{call.model}" does not support thinking')
    check_options(call.options)
    check_format(call.format)
    return model


def _launch(state: ServerState, call: Call) -> Launch:
    options = call.options
    if not options.keys() & {"num_batch", "num_gpu", "main_gpu", "use_mmap", "num_thread", "draft_num_predict"}:
        launch = Launch(effective_num_ctx(call, state.settings))
    else:
        num_gpu = call.option("num_gpu", -1)
        launch = Launch(
            num_ctx=effective_num_ctx(call, state.settings),
            num_batch=options.get("num_batch"),
            num_gpu=num_gpu if num_gpu >= 0 else None,
            main_gpu=call.option("main_gpu", 0),
            use_mmap=options.get("use_mmap"),
            num_thread=call.option("num_thread", 0),
            draft_num_predict=call.option("draft_num_predict", 0),
        )
    # shift became an option of the runner's command line in 0.30
    return launch._replace(shift=False) if call.shift is False and state.version >= (0, 30) else launch


def _keep_alive(call: Call) -> float:
    return DEFAULT_KEEP_ALIVE_SECONDS if call.keep_alive_seconds is None else call.keep_alive_seconds
