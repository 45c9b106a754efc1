"""Inputs: discovery, fingerprints, plan, work units, Parquet, JSON lines and schemas."""
