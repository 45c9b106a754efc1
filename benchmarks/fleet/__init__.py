"""Load balancing over several hosts: this project's fleet and common alternatives, relative to the ideal makespan.

Run it with ``python -m benchmarks.fleet``.
"""
