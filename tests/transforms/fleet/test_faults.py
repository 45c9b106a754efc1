from __future__ import annotations

import json
import socket
import ssl

import httpx
import ollama
import pytest

from transforms.fleet.faults import Blame, Failure, RequestFailed, from_exception, from_status, short

HOST = "http://gpu0:11434"


@pytest.mark.parametrize(
    ("status", "body", "failure", "blame"),
    [
        (400, "the input length exceeds the context length", Failure.INPUT_TOO_LONG, Blame.ROW),
        (400, "the prompt is longer than the context length currently available", Failure.INPUT_TOO_LONG, Blame.ROW),
        (
            400,
            '{"error":{"code":400,"message":"request (9 tokens) exceeds the available context size (4 tokens)"}}',
            Failure.INPUT_TOO_LONG,
            Blame.ROW,
        ),
        (400, "something new", Failure.BAD_REQUEST, Blame.UNCLEAR),
        (400, '"mistral" does not support thinking', Failure.INVALID_OPTIONS, Blame.REQUEST),
        (400, 'time: missing unit in duration "300"', Failure.INVALID_OPTIONS, Blame.REQUEST),
        (500, 'option "num_ctx" must be of type integer', Failure.INVALID_OPTIONS, Blame.REQUEST),
        (500, "template: :1: unclosed action", Failure.INVALID_OPTIONS, Blame.REQUEST),
        (500, "an error was encountered while running the model: unexpected EOF", Failure.SERVER_ERROR, Blame.HOST),
        (500, "prediction aborted, token repeat limit reached", Failure.GENERATION_ABORTED, Blame.UNCLEAR),
        (500, "llama runner process no longer running: -1 ", Failure.SERVER_ERROR, Blame.HOST),
        (404, "model 'mistral' not found", Failure.MODEL_MISSING, Blame.MODEL),
        (404, "404 page not found", Failure.NOT_OLLAMA, Blame.HOST),
        (404, "<html><title>no model here</title></html>", Failure.NOT_OLLAMA, Blame.HOST),
        (405, "405 method not allowed", Failure.NOT_OLLAMA, Blame.HOST),
        (403, "", Failure.FORBIDDEN, Blame.HOST),
        (401, "unauthorized", Failure.FORBIDDEN, Blame.HOST),
        (413, "<html>Request Entity Too Large</html>", Failure.INPUT_TOO_LONG, Blame.ROW),
        (429, "slow down", Failure.BUSY, Blame.HOST),
        (503, "server busy, please try again.  maximum pending requests exceeded", Failure.BUSY, Blame.HOST),
        (502, "<html><body><h1>502 Bad Gateway</h1></body></html>", Failure.BAD_GATEWAY, Blame.HOST),
        (500, "<html>proxy error</html>", Failure.BAD_GATEWAY, Blame.HOST),
        (400, "<html>Bad Request: template: context</html>", Failure.BAD_GATEWAY, Blame.HOST),
        (301, "", Failure.REDIRECTED, Blame.HOST),
    ],
)
def test_statuses(status: int, body: str, failure: Failure, blame: Blame) -> None:
    failed = from_status(status, body, HOST)
    assert (failed.failure, failed.blame, failed.host) == (failure, blame, HOST)
    assert str(failed).startswith(f"HTTP {status}")


def chained(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (chained(httpx.ConnectTimeout("x"), ConnectionRefusedError(111, "refused")), Failure.CONNECTION_REFUSED),
        (chained(httpx.ConnectTimeout("x"), socket.gaierror(-2, "Name not known")), Failure.NAME_NOT_FOUND),
        (chained(httpx.ConnectError("x"), ssl.SSLError("certificate verify failed")), Failure.TLS_FAILURE),
        (chained(httpx.ConnectTimeout("x"), ConnectionResetError(104, "reset")), Failure.CONNECTION_LOST),
        (httpx.ReadError("closed"), Failure.CONNECTION_LOST),
        (ConnectionError("down"), Failure.CONNECTION_LOST),
        (json.JSONDecodeError("x", "y", 0), Failure.NOT_JSON),
        (AttributeError("'int' object has no attribute 'get'"), Failure.NOT_JSON),
        (ollama.ResponseError("model 'x' not found", 404), Failure.MODEL_MISSING),
    ],
)
def test_exceptions(error: Exception, failure: Failure) -> None:
    assert from_exception(error, HOST).failure is failure


def test_an_exception_that_no_host_can_provoke_is_a_bug_and_stays_one() -> None:
    for error in (KeyError("ours"), UnicodeEncodeError("utf-8", "\ud800", 0, 1, "ours")):
        with pytest.raises(type(error)):
            from_exception(error, HOST)


def test_long_texts_of_servers_are_cut_to_a_line() -> None:
    assert short("a\n b   c") == "a b c"
    assert len(short("x" * 1000)) == 160


def test_retry_after_is_kept() -> None:
    assert from_status(503, "busy", HOST, 7.0).retry_after_seconds == 7.0
    assert isinstance(from_status(503, "busy", HOST), RequestFailed)


@pytest.mark.parametrize(
    ("host", "hint"),
    [
        ("http://gpu0:11434", ""),
        ("http://gpu0/ollama", ""),
        ("http://gpu0:11434/v1", "/v1"),
        ("http://gpu0:11434/api/generate", "/api/generate"),
    ],
)
def test_an_address_with_the_path_of_a_request_is_told(host: str, hint: str) -> None:
    message = str(from_status(404, "404 page not found", host))
    assert f"no Ollama answers at {host}" in message
    assert message.endswith(f"the address should end before {hint}") == bool(hint)
