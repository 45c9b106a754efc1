"""What the graph is made of: work units, reading, translating, writing, and the engine behind them.

``Translate`` is the public transform for pipelines of others; see ``transforms.library``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transforms.library import Translate

__all__ = ["Translate", "__version__"]

__version__ = "0.1.0"
"""The only place that holds the version: packaging, ``--version`` and the footers of parts read it here."""


def __getattr__(name: str) -> Any:
    """Import the public transform when it is asked for: the packages below must not import Beam."""
    if name == "Translate":
        from transforms.library import Translate

        return Translate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
