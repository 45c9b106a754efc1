"""Every exception that this project raises on purpose.

TranslateError
 ├─ UsageError         the user's mistake, found before anything is sent: one clear line, exit code 2
 ├─ RunFailed          the run cannot go on: one clear line, exit code 1
 │   └─ NoHostLeft     no host can do the work, or none came back in time
 ├─ RunStopped         the run was asked to stop (SIGTERM, Ctrl-C)
 ├─ RequestFailed      one request to one host failed; the fleet decides what follows (transforms/fleet/faults.py)
 └─ RowRejected        one text cannot be translated; its row is marked, the run goes on
"""

from __future__ import annotations


class TranslateError(Exception):
    """The base of all of them. The message is for the person who gets it: what was seen, where, what to do."""


class UsageError(TranslateError):
    """A wrong option, input, output or host: nothing was sent or written."""


class RunFailed(TranslateError):
    """The run ends here; what is finished stays, and the same command goes on from there."""


class NoHostLeft(RunFailed):
    """No host is able to do the work, or none came back within ``--max_outage``."""


class RunStopped(TranslateError):
    """Work was dropped because the run was asked to stop."""
