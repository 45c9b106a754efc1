"""What the graph is made of: work units, reading, translating, writing, and the engine behind them."""

__version__ = "0.1.0"
"""The only place that holds the version: packaging, ``--version`` and the footers of parts read it here."""
