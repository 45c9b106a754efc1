"""Run ``sandbox``: one simulated host, until a signal arrives."""

from __future__ import annotations

import logging

from pipeline.exit_codes import ExitCode
from pipeline.sandbox import NOT_REAL
from pipeline.sandbox.options import SandboxOptions
from pipeline.sandbox.server import serve

LOG = logging.getLogger(__name__)


def sandbox(options: SandboxOptions) -> ExitCode:
    """Say that the host is not real, then run it until SIGTERM or SIGINT.

    Raises:
        UsageError: A port is in use or can't be opened.
    """
    LOG.warning("%s", NOT_REAL)
    serve(options.host(), options.port, options.control_port)
    return ExitCode.DONE
