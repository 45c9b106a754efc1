"""The command ``evaluate``: score an output with reference translations, and with a model as judge."""
