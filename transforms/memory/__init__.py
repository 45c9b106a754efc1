"""Translation memory: what was translated once is not paid for again. Knows neither Beam nor hosts nor texts."""
