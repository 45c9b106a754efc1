from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.console import logs


@contextmanager
def restored_logging() -> Iterator[None]:
    """Undoes what ``logs.configure`` does to the process."""
    root, formatwarning = logging.getLogger(), warnings.formatwarning
    loggers = [root, *map(logging.getLogger, [*logs.OURS, "apache_beam.runners.dataflow"])]
    levels, handlers = [logger.level for logger in loggers], list(root.handlers)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        root.handlers[:] = handlers
        logging.captureWarnings(False)
        warnings.formatwarning = formatwarning
