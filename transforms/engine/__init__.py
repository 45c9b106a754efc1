"""One text from source to outcome: window, deduplication, translator, retry policy.

The only place where text and fleet meet. Free of Beam.
"""
