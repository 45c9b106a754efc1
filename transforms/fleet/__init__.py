"""Ollama hosts: addresses, limits, dispatch, faults, and the one place that talks HTTP to them. Knows no Beam."""
