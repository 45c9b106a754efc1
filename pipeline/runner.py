"""The runner of a job: whether its job server answers, and why a job failed, in one line for people."""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pipeline.options.beam import runs_in_process, value_of
from transforms import errors
from transforms.errors import RunFailed, TranslateError

LOG = logging.getLogger(__name__)

ENDPOINT_SECONDS = 5.0
"""Patience with a job server before the run; Beam's own is five minutes."""

MOST_CHARACTERS = 400
"""Longer reasons are cut: runners send whole stack traces."""

START_ADVICE = {
    "PrismRunner": "install Prism, and name it with --prism_location PATH",
    "FlinkRunner": "name the job server's jar with --flink_job_server_jar PATH, or a running job server with "
    "--job_endpoint HOST:PORT",
    "SparkRunner": "name the job server's jar with --spark_job_server_jar PATH, or a running job server with "
    "--job_endpoint HOST:PORT",
}
_PREFIX = re.compile(r"^Pipeline \S+ failed in state \w+: ")
_READER = "wait_until_finish_read"
"""Name of Beam's thread that reads the messages of a job."""

RESUME = "finished parts are kept; rerun the same command to resume"


def warn_of_slots(slots: object, beam_arguments: Sequence[str]) -> None:
    """Say that ``--slots`` holds for each worker process, where there may be several of them."""
    if slots is not None and not runs_in_process(beam_arguments):
        LOG.warning(
            "--slots holds for each worker process: with several of them, a host gets as many requests at a time from "
            "each. Divide the slots of your hosts by the number of worker processes"
        )


def check_endpoint(beam_arguments: Sequence[str]) -> None:
    """Make sure that a job server answers at ``--job_endpoint``, if that is given.

    Raises:
        RunFailed: Nothing answers there in time, or something else than a job server.
    """
    endpoint = value_of("job_endpoint", beam_arguments)
    if not endpoint or endpoint == "embed":
        return
    started = time.monotonic()
    host, _, port = endpoint.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), ENDPOINT_SECONDS).close()
    except OSError as error:
        reason = f"no answer within {ENDPOINT_SECONDS:.0f} s" if isinstance(error, TimeoutError) else error.strerror
        raise RunFailed(
            f"no job server at --job_endpoint {endpoint}: {reason or error}; start it, or correct the address; {RESUME}"
        ) from None
    # Late, as it takes a moment: nobody else needs it.
    import grpc

    with grpc.insecure_channel(endpoint) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=started + ENDPOINT_SECONDS - time.monotonic())
        except grpc.FutureTimeoutError:
            raise RunFailed(
                f"something listens at --job_endpoint {endpoint}, but it is no job server of Beam (no gRPC within "
                f"{ENDPOINT_SECONDS:.0f} s); Beam's job servers listen on port 8099 by default; {RESUME}"
            ) from None


def failure_of_start(runner: str, error: Exception) -> RunFailed:
    """Return the failure of a job that a runner could not start."""
    advice = START_ADVICE.get(_short_name(runner))
    return RunFailed(
        f"{_short_name(runner)} cannot start the job: {reason_of(error)}{f'; {advice}' if advice else ''}; {RESUME}"
    )


def failure_of_job(runner: str, error: Exception) -> TranslateError:
    """Return the failure of a job that has started: the worker's own if the runner's text has it."""
    original = original_error(f"{type(error).__name__}: {error}")
    return original or RunFailed(f"the job failed on {_short_name(runner)}: {reason_of(error)}; {RESUME}")


def reason_of(error: Exception) -> str:
    """Return the root cause in one line: runners send stack traces of Java, Go and Python, and gRPC its own form.

    >>> reason_of(RuntimeError("Pipeline x failed: java.lang.A: b\\n\\tat c\\nCaused by: d.E: no docker"))
    'd.E: no docker'
    """
    details = getattr(error, "details", None)
    if callable(details) and callable(code := getattr(error, "code", None)):
        status = getattr(code(), "name", code())
        lost = "the connection to the job server was lost: " if status == "UNAVAILABLE" else ""
        return _cut(f"{lost}{status}: {details()}")
    text = _PREFIX.sub("", str(error)).strip() or f"{type(error).__name__} without a message"
    if causes := re.findall(r"^Caused by: (.+)$", text, re.MULTILINE):
        return _cut(causes[-1])
    if "Traceback (most recent call last)" in text:
        ends = [line for line in text.splitlines() if re.match(r"[A-Za-z_][\w.]*(Error|Exception|\w*): ", line)]
        if ends:
            return _cut(ends[-1])
    return _cut(text.splitlines()[0])


@contextmanager
def quiet_reader() -> Iterator[None]:
    """While the context is open, an error of Beam's thread that reads the job's messages is no traceback on stderr.

    It ends with the job server; the main thread then reports the same error.
    """
    previous = threading.excepthook

    def hook(failed: threading.ExceptHookArgs) -> None:
        if failed.thread is None or failed.thread.name != _READER:
            previous(failed)
        else:
            LOG.debug("cannot read the job's messages: %s", failed.exc_value)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = previous


def original_error(text: str) -> TranslateError | None:
    """Find an exception of ours in a runner's error text; runners pass exceptions of workers on as text.

    >>> original_error("…RunFailed: the disk is full [while running 'Write']")
    RunFailed('the disk is full')
    """
    kinds = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    pattern = rf"\b({'|'.join(kinds)}): (.*?)(?: \[while running .*)?$"
    found = re.findall(pattern, text, re.MULTILINE)
    if not found:
        return None
    name, message = found[-1]
    error = kinds[name](message)
    return error if isinstance(error, TranslateError) else None


def _short_name(runner: str) -> str:
    return runner.rpartition(".")[2]


def _cut(text: str) -> str:
    line = text.strip().rstrip(".;")
    return line if len(line) <= MOST_CHARACTERS else f"{line[:MOST_CHARACTERS]}…"
