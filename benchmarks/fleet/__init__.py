"""How well work is spread over several hosts: this project's fleet beside what people use today, as ratios to the
ideal. ``python -m benchmarks.fleet``.
"""
