"""The ``evaluate`` command: scores an output against references, and with a model as judge."""
