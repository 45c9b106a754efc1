"""Classes of failed requests, and who is charged for each class.

A fault of the host is charged to the host, and the text goes to another one. A fault of the text is charged to the
text. A fault of the request itself, such as an invalid option, would recur for every text, so it ends the run. What
follows from a fault is decided in ``transforms/fleet/dispatch/verdicts.py``.
"""

from __future__ import annotations

from enum import Enum

from transforms.errors import TranslateError


class Blame(Enum):
    """Who is charged for a failed request."""

    HOST = "host"
    ROW = "row"
    UNCLEAR = "unclear"
    """The host, until the text has failed in the same way several times."""
    SIZE = "size"
    """The text's size, if the host answers smaller texts; the host, if it does not."""
    MODEL = "model"
    """The host lacks the model, so it is excluded."""
    REQUEST = "request"
    """Every request would fail like this, so the run ends, unless another host accepts it."""


class Failure(str, Enum):
    """Classes of failed requests, as written to summaries and to ``…_error`` columns."""

    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_LOST = "connection_lost"
    NAME_NOT_FOUND = "name_not_found"
    TLS_FAILURE = "tls_failure"
    TIMEOUT = "timeout"
    BUSY = "busy"
    SERVER_ERROR = "server_error"
    MODEL_CRASHED = "model_crashed"
    BAD_GATEWAY = "bad_gateway"
    GATEWAY_TIMEOUT = "gateway_timeout"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    NOT_JSON = "not_json"
    FORBIDDEN = "forbidden"
    REDIRECTED = "redirected"
    NOT_OLLAMA = "not_ollama"
    UNEXPECTED_ANSWER = "unexpected_answer"
    ANSWER_TOO_LARGE = "answer_too_large"
    MODEL_MISSING = "model_missing"
    BAD_REQUEST = "bad_request"
    INVALID_OPTIONS = "invalid_options"
    INPUT_TOO_LONG = "input_too_long"
    OUTPUT_TRUNCATED = "output_truncated"
    ONLY_THINKING = "only_thinking"
    GENERATION_ABORTED = "generation_aborted"
    SUPERSEDED = "superseded"
    """No fault: a hedged request to another host was answered first."""


BLAME = {
    Failure.MODEL_MISSING: Blame.MODEL,
    Failure.INVALID_OPTIONS: Blame.REQUEST,
    Failure.INPUT_TOO_LONG: Blame.ROW,
    Failure.OUTPUT_TRUNCATED: Blame.ROW,
    Failure.ONLY_THINKING: Blame.ROW,
    Failure.BAD_REQUEST: Blame.UNCLEAR,
    Failure.GENERATION_ABORTED: Blame.UNCLEAR,
    Failure.GATEWAY_TIMEOUT: Blame.SIZE,
    Failure.PAYLOAD_TOO_LARGE: Blame.SIZE,
}
"""All other classes are the host's fault."""

CONFIGURATION = frozenset({Failure.TLS_FAILURE, Failure.FORBIDDEN, Failure.REDIRECTED, Failure.NOT_OLLAMA})
"""Faults of the set-up: they last until somebody changes an option, an address or a proxy."""

NEVER_A_TEXTS = frozenset(
    {
        Failure.BUSY,
        Failure.CONNECTION_REFUSED,
        Failure.NAME_NOT_FOUND,
        Failure.TLS_FAILURE,
        Failure.REDIRECTED,
        Failure.PAYLOAD_TOO_LARGE,
    }
)
"""Faults that no text causes, so none is charged with them. A firewall may forbid single texts, so 403 is not here."""

AWAY = frozenset({Failure.CONNECTION_REFUSED, Failure.CONNECTION_LOST, Failure.NAME_NOT_FOUND, Failure.TIMEOUT})
"""Faults after which another server, or another version of the model, may answer at the host's address."""


class RequestFailed(TranslateError):
    """One request to one host failed.

    Attributes:
        failure: Its class.
        host: The host's address.
        retry_after_seconds: The pause that the host asked for; None if it asked for none.
        cut_text: What the model had written when its output was cut. It is private, and not part of the message.
    """

    def __init__(
        self,
        failure: Failure,
        message: str,
        host: str,
        retry_after_seconds: float | None = None,
        cut_text: str = "",
    ) -> None:
        super().__init__(message)
        self.failure = failure
        self.host = host
        self.retry_after_seconds = retry_after_seconds
        self.cut_text = cut_text

    @property
    def blame(self) -> Blame:
        """Who is charged for it."""
        return BLAME.get(self.failure, Blame.HOST)


class RowRejected(TranslateError):
    """No host that was tried can translate the text.

    Attributes:
        failure: The class of the last reason.
        cut_text: See ``RequestFailed``.
    """

    def __init__(self, failure: Failure, message: str, cut_text: str = "") -> None:
        super().__init__(message)
        self.failure = failure
        self.cut_text = cut_text
