"""One host: whether it takes part, its state, its limit of requests in flight, and what is measured of it."""
