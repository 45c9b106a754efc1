"""One host: admission, state, circuit breaker, limit of requests in flight, supervision, and measurements."""
