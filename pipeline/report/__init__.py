"""The report of an output: time series of its runs, figures from its parts, and one self-contained HTML page."""
