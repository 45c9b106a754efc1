"""The exceptions that this project raises on purpose.

TranslateError
 ├─ UsageError         a mistake of the user's, found before anything is sent: one clear line, exit code 2
 ├─ RunFailed          the run cannot go on: one clear line, exit code 1
 │   └─ NoHostLeft     no host can do the work, or none came back in time
 ├─ RunStopped         the run was asked to stop (SIGTERM, Ctrl-C)
 ├─ RequestFailed      one request to one host failed; the fleet decides what happens next (transforms/fleet/faults.py)
 └─ RowRejected        one text cannot be translated; its row is marked, and the run continues
"""

from __future__ import annotations


class TranslateError(Exception):
    """Base class. The message is for the person who reads it: what was seen, where, and what to do."""


class UsageError(TranslateError):
    """An option, input, output or host is wrong. Nothing was sent or written."""


class RunFailed(TranslateError):
    """The run cannot continue. Finished parts are kept, and the same command resumes."""


class NoHostLeft(RunFailed):
    """No host can do the work, or no host came back within ``--max_outage``."""


class RunStopped(TranslateError):
    """The run was asked to stop, and its remaining work was dropped."""
