from __future__ import annotations

import json
import socket
import ssl

import aiohttp
import pytest

from transforms.fleet.faults import Failure
from transforms.fleet.http.http_errors import ErrorReply, from_exception, from_reply

HOST = "http://gpu0:11434"


def own(text: str) -> str:
    return json.dumps({"error": text})


NESTED = json.dumps(
    {
        "error": {
            "code": 400,
            "message": "request (9 tokens) exceeds the available context size (4 tokens), try increasing it",
            "type": "exceed_context_size_error",
        }
    }
)


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (400, own("the input length exceeds the context length"), Failure.INPUT_TOO_LONG),
        (400, own("the prompt is longer than the context length currently available"), Failure.INPUT_TOO_LONG),
        (400, NESTED, Failure.INPUT_TOO_LONG),
        (400, own(NESTED), Failure.INPUT_TOO_LONG),
        (400, own("something new"), Failure.BAD_REQUEST),
        (400, own("context deadline exceeded"), Failure.SERVER_ERROR),
        (400, own("context canceled"), Failure.SERVER_ERROR),
        (400, "context deadline exceeded", Failure.BAD_GATEWAY),
        (400, "", Failure.BAD_GATEWAY),
        (400, own('"mistral" does not support thinking'), Failure.INVALID_OPTIONS),
        (400, own('time: missing unit in duration "300"'), Failure.INVALID_OPTIONS),
        (500, own('option "num_ctx" must be of type integer'), Failure.INVALID_OPTIONS),
        (500, own("template: :1: unclosed action"), Failure.INVALID_OPTIONS),
        (500, own("an error was encountered while running the model: unexpected EOF"), Failure.MODEL_CRASHED),
        (500, own("llama runner process no longer running: -1 "), Failure.MODEL_CRASHED),
        (500, own("connection refused"), Failure.MODEL_CRASHED),
        (500, own("CUDA error: an illegal memory access was encountered"), Failure.MODEL_CRASHED),
        (500, own("model requires more system memory (9 GiB) than is available (4 GiB)"), Failure.SERVER_ERROR),
        (500, own("prediction aborted, token repeat limit reached"), Failure.GENERATION_ABORTED),
        (200, own("model 'mistral' not found"), Failure.MODEL_MISSING),
        (200, own("unexpected EOF"), Failure.MODEL_CRASHED),
        (200, own("anything else"), Failure.SERVER_ERROR),
        (404, own("model 'mistral' not found"), Failure.MODEL_MISSING),
        (404, "404 page not found", Failure.NOT_OLLAMA),
        (404, "<html><title>no model here</title></html>", Failure.NOT_OLLAMA),
        (405, "405 method not allowed", Failure.NOT_OLLAMA),
        (403, "", Failure.FORBIDDEN),
        (401, own("unauthorized"), Failure.FORBIDDEN),
        (407, "", Failure.FORBIDDEN),
        (408, "", Failure.GATEWAY_TIMEOUT),
        (413, "<html>Request Entity Too Large</html>", Failure.PAYLOAD_TOO_LARGE),
        (429, "slow down", Failure.BUSY),
        (503, own("server busy, please try again.  maximum pending requests exceeded"), Failure.BUSY),
        (502, "<html><body><h1>502 Bad Gateway</h1></body></html>", Failure.BAD_GATEWAY),
        (504, "<html><h1>504 Gateway Time-out</h1></html>", Failure.GATEWAY_TIMEOUT),
        (524, "", Failure.GATEWAY_TIMEOUT),
        (500, "<html>proxy error</html>", Failure.BAD_GATEWAY),
        (400, "<html>Bad Request: template: context length</html>", Failure.BAD_GATEWAY),
        (301, "", Failure.REDIRECTED),
        (500, "{" * 100_000, Failure.BAD_GATEWAY),
        (500, '{"error": 5}', Failure.SERVER_ERROR),
        (500, '{"error": null}', Failure.SERVER_ERROR),
    ],
)
def test_statuses(status: int, body: str, failure: Failure) -> None:
    failed = from_reply(ErrorReply(status, body), HOST)
    assert (failed.failure, failed.host) == (failure, HOST)
    assert str(failed).startswith(f"HTTP {status}")


def test_the_models_name_is_shown_and_the_prompt_is_not() -> None:
    reply = ErrorReply(500, own("model 'zephyr:7b' fails on 'Madame Zanzibar, 75011 Paris' after 300 tokens"))
    message = str(from_reply(reply, HOST, "zephyr:7b", "Madame Zanzibar, 75011 Paris"))
    assert "'zephyr:7b'" in message
    assert "300 tokens" in message
    assert not any(word in message for word in ("Madame", "Zanzibar", "75011", "Paris"))


def test_a_pause_is_kept_and_bounded() -> None:
    def pause(value: str) -> float | None:
        return from_reply(ErrorReply(503, "busy", retry_after=value), HOST).retry_after_seconds

    assert (pause("7"), pause(" 9 "), pause("9" * 5000)) == (7.0, 9.0, 60.0)
    assert [pause(value) for value in ("", "-1", "Wed, 21 Oct 2026 07:28:00 GMT", "٣", "1.5")] == [None] * 5


@pytest.mark.parametrize(
    ("reply", "remedy"),
    [
        (ErrorReply(401, own("unauthorized")), "--header"),
        (ErrorReply(403), "OLLAMA_HOST=0.0.0.0"),
        (ErrorReply(407), "proxy wants credentials"),
        (ErrorReply(413), "client_max_body_size"),
        (ErrorReply(504, seconds=60.2), "after 60 s; a proxy"),
        (ErrorReply(302, location="https://user:secret@gpu0.lan/x?key=secret"), "(https://gpu0.lan)"),
        (ErrorReply(302, location="javascript:alert(1)"), "redirects to"),
    ],
)
def test_what_to_do_is_said(reply: ErrorReply, remedy: str) -> None:
    message = str(from_reply(reply, HOST))
    assert remedy in message
    assert "secret" not in message


@pytest.mark.parametrize(
    ("host", "hint"),
    [
        ("http://gpu0:11434", ""),
        ("http://gpu0/ollama", ""),
        ("http://gpu0:11434/v1", "/v1"),
        ("http://gpu0:11434/api/generate", "/api/generate"),
    ],
)
def test_an_address_with_the_path_of_a_request_is_pointed_out(host: str, hint: str) -> None:
    message = str(from_reply(ErrorReply(404, "404 page not found"), host))
    assert f"no Ollama answers at {host}" in message
    assert message.endswith(f"the address should end before {hint}") == bool(hint)


def chained(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (chained(OSError("x"), ConnectionRefusedError(111, "refused")), Failure.CONNECTION_REFUSED),
        (chained(OSError("x"), socket.gaierror(-2, "Name not known")), Failure.NAME_NOT_FOUND),
        (chained(OSError("x"), ssl.SSLError("certificate verify failed")), Failure.TLS_FAILURE),
        (ConnectionResetError(104, "reset"), Failure.CONNECTION_LOST),
        (aiohttp.ServerDisconnectedError(), Failure.CONNECTION_LOST),
        (aiohttp.ClientPayloadError("cut"), Failure.CONNECTION_LOST),
        (aiohttp.ConnectionTimeoutError(), Failure.TIMEOUT),
    ],
)
def test_exceptions(error: Exception, failure: Failure) -> None:
    assert from_exception(error, HOST).failure is failure


def test_an_exception_that_no_host_can_provoke_is_a_bug_and_stays_one() -> None:
    for error in (KeyError("ours"), UnicodeEncodeError("utf-8", "\ud800", 0, 1, "ours")):
        with pytest.raises(type(error)):
            from_exception(error, HOST)


def test_a_certificate_that_is_not_accepted_names_the_remedy() -> None:
    message = str(from_exception(ssl.SSLCertVerificationError(1, "[SSL] x"), HOST))
    assert "SSL_CERT_FILE" in message
